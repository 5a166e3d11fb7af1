// Shows a chosen theme before the first paint; src/ui/state/preferences.ts owns the choice.
try {
  const theme = localStorage.getItem("microgrid.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is refused: the system's theme holds.
}
