// Node.js: a stream piped into itself.
'use strict';

const net = require('node:net');
const { parseArgs } = require('node:util');

const fail = (code, why) => {
  process.stderr.write(`${why}\n`);
  process.exit(code);
};
const text = { type: 'string' };
let options;
try {
  options = parseArgs({
    options: {
      host: text, port: text, 'max-clients': text, prefix: text, log: text, help: { type: 'boolean' },
    },
  }).values;
} catch (error) {
  fail(2, error.message.split('\n')[0]);
}
if (options.help) {
  process.stdout.write('--host ADDR  --port N  --max-clients N  --prefix TEXT  --log LEVEL\n');
  process.exit(0);
}
const number = (name, otherwise, most) => {
  const value = options[name] ?? otherwise;
  if (!/^\d+$/.test(value) || Number(value) > most) fail(2, `--${name}: ${value} is not a number up to ${most}`);
  return Number(value);
};
const host = options.host ?? '127.0.0.1';
if (!net.isIP(host)) fail(2, `--host: ${host} is not an address`);
if (!['debug', 'info', 'warn', 'error'].includes(options.log ?? 'info')) fail(2, `--log: ${options.log} is no level`);
const port = number('port', '8080', 65535);
const maxClients = number('max-clients', '1000000', 1000000);

const server = net.createServer({ allowHalfOpen: true }, (client) => {
  client.on('error', () => client.destroy());
  if (!options.prefix) {
    client.pipe(client);
    return;
  }
  client.on('data', (data) => {
    client.write(options.prefix);
    if (client.write(data)) return;
    client.pause();
    client.once('drain', () => client.resume());
  });
  client.on('end', () => client.end());
});
server.maxConnections = maxClients;
server.on('error', (error) => fail(1, error.message));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
server.listen({ host, port, backlog: 128 }, () => {
  const at = server.address();
  process.stdout.write(`listening on ${at.family === 'IPv6' ? `[${at.address}]` : at.address}:${at.port}\n`);
});
