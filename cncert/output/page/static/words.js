// The interface in two languages.
"use strict";

Report.LANGUAGES = { en: "English", zh: "中文" };
Report.language = Object.hasOwn(Report.LANGUAGES, Report.memory.read("language"))
  ? Report.memory.read("language")
  : Report.data.language;

/** The words of *key*, with {name} filled in; of "singular|plural" the one that `n` asks for. Null for an unknown key. */
Report.t = (key, values = {}) => {
  if (!Object.hasOwn(Report.data.words, key)) return null;
  const known = Report.data.words[key];
  const forms = known[Report.language].split("|");
  const form = forms.length > 1 && values.n !== 1 ? forms[1] : forms[0];
  return form.replace(/\{(\w+)\}/g, (_, name) => (name === "n" ? Report.number(values.n) : values[name]));
};

/** Fills all elements of the skeleton that name their words. */
Report.fillWords = () => {
  const { t } = Report;
  document.documentElement.lang = Report.language === "zh" ? "zh-CN" : "en";
  document.title = t("title");
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = t(element.dataset.word);
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", t(element.dataset.label));
  }
};
