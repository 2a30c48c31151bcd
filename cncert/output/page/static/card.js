// The card beside a point of a plot or a week of the calendar: shown while one points at it, kept when one chooses it.
"use strict";

{
  const { h, t, model } = Report;
  const element = document.getElementById("card");
  let keeper = null;

  const show = (content, x, y, pinned = null) => {
    element.replaceChildren(...(pinned ? [closeButton()] : []), content);
    element.hidden = false;
    element.inert = !pinned;
    element.classList.toggle("pinned", Boolean(pinned));
    keeper = pinned;
    place(x, y);
  };

  /** Beside the point, inside the window; the style sheet lays it along the lower edge of a phone. */
  const place = (x, y) => {
    const { width, height } = element.getBoundingClientRect();
    const room = document.documentElement.clientWidth;
    const left = x + 18 + width > room - 8 ? x - 18 - width : x + 18;
    const top = Report.clamp(y - height / 3, 8, Math.max(8, innerHeight - height - 8));
    element.style.left = `${Report.clamp(left, 8, Math.max(8, room - width - 8)) + scrollX}px`;
    element.style.top = `${top + scrollY}px`;
  };

  const hide = () => {
    const back = keeper;
    const had = element.contains(document.activeElement);
    element.hidden = true;
    keeper = null;
    if (had && back instanceof HTMLElement) back.focus();
  };

  const closeButton = () =>
    h("button", { class: "close", type: "button", "aria-label": t("close"), on: { click: hide } }, "×");

  /** Moves into a kept card, so that its links can be reached. */
  const enter = () => element.querySelector("a, button:not(.close)")?.focus();

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !element.hidden) hide();
  });
  document.addEventListener("pointerdown", (event) => {
    if (keeper && !element.contains(event.target) && !keeper.contains(event.target)) hide();
  });

  const weekLine = (week) =>
    h("p", { class: "card-week" }, h("strong", {}, Report.weekName(week.id)), " ", h("span", {}, Report.period(week)));

  const issueLinks = (issue) =>
    h("p", { class: "card-links" },
      issue.url && !issue.gone && Report.linkOut(issue.url, t("article"), " ↗"),
      h("a", { href: `#issue-${issue.id}` }, t("all_of_issue")));

  /** A point: value, changes, evidence, where it was read, links. */
  const ofPoint = (series, { issue, figure, index, value }) => {
    const week = weekLine(model.weeks[index]);
    if (!figure) {
      const level = model.LEVELS[value - 1];
      return h("div", {}, week, h("p", { class: "card-value" }, Report.ratingText(level)), issueLinks(issue));
    }
    return h("div", {}, week,
      h("p", { class: "card-name" }, Report.metricName(series.metric)),
      h("p", { class: "card-value" }, Report.valueNode(figure, series.metric)),
      h("dl", { class: "changes" }, ["w", "y"].map((kind) => Report.changeRow(model.comparison(issue, figure, kind)))),
      Report.evidenceNode(issue, figure),
      issueLinks(issue));
  };

  const stateWords = ({ state, source, from_wayback }) =>
    source ? t("stored_from", { source: t(`source.${source}`) }) + (from_wayback ? ` · ${t("via.wayback")}` : "") : t(`state.${state}`);

  /** The state of a week, its reason, and what would help. */
  const weekWords = (week) =>
    [stateWords(week), week.reason, week.captures && t(`captures.${week.captures}`), week.advice && t(`advice.${week.advice}`)].filter(Boolean);
  /** What style sheets tell cells of weeks apart by. */
  const weekData = ({ state, source }) => (source ? { state, source } : { state });
  Object.assign(Report, { stateWords, weekWords, weekData });

  const ofWeek = (week) => {
    const [state, ...more] = weekWords(week);
    return h("div", {}, weekLine(week),
      h("p", { class: "card-name" }, h("span", { class: "state", data: weekData(week) }), state),
      more.map((text) => h("p", { class: "card-reason", dir: "auto" }, text)));
  };

  /** What a screen reader says of a point. */
  const words = (series, { issue, figure, index, value }) => {
    const week = Report.weekName(model.weeks[index].id);
    if (!figure) return week + t("colon") + Report.ratingText(model.LEVELS[value - 1]);
    const changes = ["w", "y"].map((kind) => model.changeWords(model.comparison(issue, figure, kind)));
    const source = model.isPicture(figure) ? [Report.pictureWords(figure)] : [];
    const evidence = t("evidence") + t("colon") + (issue.evidences[figure.e] ?? "");
    return [week + t("colon") + Report.figure(figure, series.metric), ...source, ...changes, evidence].join(". ");
  };

  Report.card = { show, hide, enter, ofPoint, ofWeek, words, get pinned() { return keeper !== null; } };
}
