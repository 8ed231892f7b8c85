"use strict";
// Before anything is drawn: the colours that the system asks for, until the button says others.
const darkSystem = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => document.documentElement.dataset.theme === "dark";
const useTheme = (dark) => {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
};
useTheme(darkSystem.matches);
