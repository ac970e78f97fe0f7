// Runs before the first paint, so that a dark page never flashes white. Not a module: modules wait for the document.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const theme = root.dataset.theme || "auto";
    root.dataset.bsTheme = theme === "dark" || (theme === "auto" && system.matches) ? "dark" : "light";
  };
  const saved = document.cookie.match(/(?:^|; )shouyue_theme=(auto|light|dark)/);
  if (saved) root.dataset.theme = saved[1];
  apply();
  system.addEventListener("change", apply);
  root.addEventListener("theme:change", apply);
})();
