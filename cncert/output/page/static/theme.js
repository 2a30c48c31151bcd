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
  system: matchMedia("(prefers-color-scheme: dark)"),
  now() {
    return document.documentElement.dataset.theme;
  },
  set(name) {
    document.documentElement.dataset.theme = name;
  },
  /** The one that the reader chose, else that of the system. */
  follow() {
    const chosen = Report.memory.read("theme");
    this.set(["light", "dark"].includes(chosen) ? chosen : this.system.matches ? "dark" : "light");
  },
};

Report.theme.follow();
