"""What limits fd_set is a type in a C header, not the kernel: a bitmap of our own, and descriptor 1,100 in it."""

import ctypes
import fcntl
import os
import resource

NUMBER = 1_100
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(2_048, hard), hard))

reader, writer = os.pipe()
fcntl.fcntl(reader, fcntl.F_DUPFD, NUMBER)
bits = (ctypes.c_ulong * 32)()  # 2,048 bits: twice an fd_set
bits[NUMBER // 64] |= 1 << (NUMBER % 64)

os.write(writer, b"x")
count = ctypes.CDLL(None).select(NUMBER + 1, bits, None, None, None)
print(f"select({NUMBER + 1}, …) = {count}, bit {NUMBER} is {bits[NUMBER // 64] >> (NUMBER % 64) & 1}")
