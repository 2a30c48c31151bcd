// How good the data is: doubts, refused pages, where the issues were read, the last runs, changes of meaning.
"use strict";

{
  const { h, t, model } = Report;
  const CONFLICTS = new Set([
    "figure_conflict", "figure_ambiguous", "figures_disagree", "editions_disagree", "picture_disagrees", "change_disagrees", "figure_outlier",
  ]);
  const LISTED = 200;

  const render = () => {
    document.getElementById("quality-body").replaceChildren(
      summary(),
      h("div", { class: "panels" },
        h("div", {},
          panel("conflicts", doubts((code) => CONFLICTS.has(code)), "conflicts_none"),
          panel("rejects", rejects(), "rejects_none"),
          panel("sources", sources(), "empty_issues")),
        h("div", {},
          panel("warnings", doubts((code) => !CONFLICTS.has(code)), "warnings_none"),
          panel("breaks", breaks(), "breaks_none"))),
      panel("runs", runs(), "runs_none"));
  };

  const panel = (word, content, none) =>
    h("section", { class: "panel", id: `quality-${word}` },
      h("h3", {}, t(word)), h("p", { class: "about" }, t(`${word}_about`)), content || h("p", { class: "empty" }, t(none)));

  const summary = () => {
    const figures = Report.data.issues.flatMap((issue) => issue.figures);
    const pictures = figures.filter(model.isPicture).length;
    const facts = [
      ["weeks_with_issue", `${Report.number(Report.data.issues.length)} / ${Report.number(model.weeks.length)}`],
      ["figures_of_text", Report.number(figures.length - pictures)],
      ["figures_of_pictures", Report.number(pictures)],
      ["figures_unsure", Report.number(figures.filter(model.isUnsure).length)],
      ["issues_doubtful", Report.number(Report.data.issues.filter((issue) => issue.doubts.length).length)],
      ["agreements", Report.number(Report.data.issues.reduce((sum, issue) => sum + issue.warnings.length - issue.doubts.length, 0))],
      ["rejects", Report.number(Report.data.rejects.length)],
    ];
    return h("dl", { class: "summary" }, facts.map(([word, value]) => h("div", {}, h("dt", {}, t(word)), h("dd", {}, value))));
  };

  const doubts = (wanted) => {
    const byCode = new Map();
    for (const issue of [...Report.data.issues].reverse()) {
      for (const [code, message] of issue.doubts.filter(([one]) => wanted(one))) {
        if (!byCode.has(code)) byCode.set(code, []);
        byCode.get(code).push([issue.id, message]);
      }
    }
    if (!byCode.size) return null;
    const most = [...byCode].sort((one, other) => other[1].length - one[1].length);
    return h("div", {}, most.map(([code, found]) =>
      h("details", { class: "doubt-group", data: { code } },
        h("summary", {}, h("b", { class: "pill" }, Report.number(found.length)), " ",
          t(`warning.${code}`) || code, " ", h("code", {}, code)),
        h("ul", {}, found.slice(0, LISTED).map(([id, message]) => h("li", {}, issueLink(id), h("span", { dir: "auto" }, ` ${message}`)))),
        found.length > LISTED && h("p", { class: "note" }, t("and_more", { n: found.length - LISTED })))));
  };

  const issueLink = (id) => (model.issues.has(id) ? h("a", { href: `#issue-${id}` }, id) : h("span", {}, id || "–"));

  const table = (words, rows, label) =>
    h("div", { class: "scroller", tabindex: 0, role: "region", "aria-label": label },
      h("table", {}, h("thead", {}, h("tr", {}, words.map((word) => h("th", { scope: "col" }, t(word))))), h("tbody", {}, rows)));

  const cells = (...values) => h("tr", {}, values.map((value) => h("td", { dir: "auto" }, value)));

  const rejects = () => {
    const all = Report.data.rejects;
    if (!all.length) return null;
    const rows = all.slice(0, LISTED).map((one) =>
      cells(one.issue ? issueLink(one.issue) : "–", one.reason, one.address ? Report.linkOut(one.address, one.address) : "–", Report.moment(one.at)));
    return [table(["week", "reason", "address", "when"], rows, t("rejects")),
      all.length > LISTED && h("p", { class: "note" }, t("and_more", { n: all.length - LISTED }))];
  };

  const sources = () => {
    const all = Report.data.sources;
    if (!all.length) return null;
    const most = Math.max(...all.map((one) => one.issues));
    const bars = all.map(({ name, issues }) => {
      const bar = h("span", { class: "bar" });
      bar.style.width = `${(issues / most) * 100}%`;
      return h("li", {}, h("span", {}, t(`source.${name}`) || name), h("span", { class: "track" }, bar), h("b", {}, Report.number(issues)));
    });
    const parsers = new Map();
    for (const { parser } of Report.data.issues) parsers.set(parser, (parsers.get(parser) || 0) + 1);
    return [
      h("ul", { class: "bars" }, bars),
      h("p", { class: "note" }, t("parsers", { list: [...parsers].map(([name, count]) => `${name} (${Report.number(count)})`).join(t("comma")) })),
    ];
  };

  /** Whether weeks of both sides, or between them, are shown. */
  const concerns = ({ old, new: after }) => after > model.weeks[0].id && old < model.weeks.at(-1).id;

  /** Each change once, with the names of the metrics it concerns. */
  const breaks = () => {
    const found = new Map();
    for (const series of [model.rating, ...model.series]) {
      for (const known of series.metric.breaks.filter(concerns)) {
        const key = [known.old, known.new, known.kind, known.note].join("\n");
        if (!found.has(key)) found.set(key, { known, names: [] });
        found.get(key).names.push(Report.plotName(series));
      }
    }
    if (!found.size) return null;
    const sorted = [...found.values()].sort((one, other) => (one.known.new < other.known.new ? 1 : -1));
    return h("ul", { class: "break-list" }, sorted.map(({ known, names }) =>
      h("li", {}, Report.breakNote(known), h("p", { class: "note" }, names.join(t("comma"))))));
  };

  const runs = () => {
    if (!Report.data.runs.length) return null;
    const rows = Report.data.runs.map((run) =>
      cells(Report.moment(run.started, true), duration(run), outcome(run), run.close_reason ?? "–",
        ...["new", "changed", "rejected", "missing"].map((name) => (run[name] === null ? "–" : Report.number(run[name]))),
        run.warnings.length ? h("ul", {}, run.warnings.map((text) => h("li", {}, text))) : "–"));
    return table(["started", "took", "outcome", "close_reason", "new", "changed", "rejected", "missing", "warnings"], rows, t("runs"));
  };

  const outcome = ({ clean }) =>
    clean === null ? t("unfinished") : h("span", { class: clean ? "clean" : "unclean" }, clean ? `✓ ${t("clean")}` : `! ${t("unclean")}`);

  const duration = ({ started, ended }) => {
    if (!ended) return "–";
    const seconds = Math.round((Date.parse(ended) - Date.parse(started)) / 1000);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  };

  Report.quality = { render };
}
