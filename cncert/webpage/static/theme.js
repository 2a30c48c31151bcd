// Runs in <head>, before anything is drawn: the theme that the reader chose last.
"use strict";

const Report = {};

/** What the reader chose, kept where the browser allows it: a page opened from disk may have no storage. */
Report.memory = {
  read(name) {
    try {
      return localStorage.getItem(`cncert-report-${name}`);
    } catch {
      return null;
    }
  },
  write(name, value) {
    try {
      localStorage.setItem(`cncert-report-${name}`, value);
    } catch {
      // Not kept: the page works without.
    }
  },
};

Report.theme = {
  now() {
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    return document.documentElement.dataset.theme || system;
  },
  set(name) {
    document.documentElement.dataset.theme = name;
  },
};

if (["light", "dark"].includes(Report.memory.read("theme"))) Report.theme.set(Report.memory.read("theme"));
