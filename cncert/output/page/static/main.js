// Puts the page together, and changes its language and its theme.
"use strict";

{
  const { h, t } = Report;
  const PARTS = [Report.newest, Report.plots, Report.calendar, Report.issues, Report.quality];

  const render = () => {
    Report.fillWords();
    header();
    for (const part of PARTS) part.render();
    footer();
  };

  const header = () => {
    const { issues, read_at: readAt } = Report.data;
    const facts = issues.length
      ? [t("issues_count", { n: issues.length }), `${issues[0].id} – ${issues.at(-1).id}`, `${t("read_at")} ${Report.moment(readAt, true)}`]
      : [t("empty_issues")];
    document.getElementById("subtitle").replaceChildren(...facts.map((fact) => h("span", {}, fact)));
    const other = Object.keys(Report.LANGUAGES).find((name) => name !== Report.language);
    const language = document.getElementById("language");
    language.textContent = Report.LANGUAGES[other];
    language.lang = other === "zh" ? "zh-CN" : "en";
    const theme = document.getElementById("theme");
    const dark = Report.theme.now() === "dark";
    theme.querySelector("span").textContent = dark ? "☀" : "☾";
    theme.setAttribute("aria-label", t(dark ? "theme_light" : "theme_dark"));
    theme.title = t(dark ? "theme_light" : "theme_dark");
  };

  const footer = () => {
    const { store, version, first, last } = Report.data;
    document.getElementById("colophon").replaceChildren(
      h("p", {}, t("colophon_source")),
      h("p", {}, [first && `${t("weeks")} ${first} – ${last}`, `${t("store")} ${store}`, `cncert ${version}`].filter(Boolean).join(" · ")));
  };

  document.getElementById("language").addEventListener("click", () => {
    Report.language = Report.language === "en" ? "zh" : "en";
    Report.memory.write("language", Report.language);
    Report.card.hide();
    render();
  });

  document.getElementById("theme").addEventListener("click", () => {
    Report.theme.set(Report.theme.now() === "dark" ? "light" : "dark");
    Report.memory.write("theme", Report.theme.now());
    header();
    Report.plots.redraw();
  });
  Report.theme.system.addEventListener("change", () => {
    Report.theme.follow();
    header();
    Report.plots.redraw();
  });

  /** #issue-2025-03 opens that issue, also when the address is typed or a link is followed again. */
  const follow = () => {
    const [, id] = /^#issue-(\d{4}-\d{2})$/.exec(location.hash) || [];
    if (!id) return;
    Report.card.hide();
    Report.issues.reveal(id);
  };
  addEventListener("hashchange", follow);
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("a")?.hash && event.target.closest("a").hash === location.hash) follow();
  });

  /** The part of the page that one reads is marked in the navigation. */
  const links = [...document.querySelectorAll("#nav a")];
  const mark = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      for (const link of links) {
        if (link.hash === `#${target.id}`) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    }
  }, { rootMargin: "-30% 0px -60% 0px" });
  for (const link of links) mark.observe(document.querySelector(link.hash));

  render();
  follow();
}
