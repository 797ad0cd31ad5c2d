// Puts the parts together. The page is readable before this runs: only the stepper needs it.

makeSwitches(document.querySelector(".switches"));
const sideBySide = makeSideBySide(document.getElementById("side-by-side-stage"));
listenToKeys(sideBySide.main);
makeTables();
makeReadiness();
makePitfalls();
makeLive(sideBySide);
