// All of one issue, below its row in the table.
"use strict";

{
  const { h, t, model } = Report;

  const ofIssue = (issue) =>
    h("div", { class: "details" },
      h("p", { class: "facts" },
        fact("published", Report.moment(issue.published, true)),
        fact("read_from", t(`via.${issue.via}`) || issue.via),
        fact("parser", issue.parser),
        issue.url && !issue.gone && Report.linkOut(issue.url, t("article"), " ↗"),
        h("a", { href: `#issue-${issue.id}` }, t("link_here"))),
      issue.gone && h("p", { class: "note" }, t("article_gone")),
      issue.edits > 0 && h("p", { class: "note" }, t("edited", { n: issue.edits })),
      issue.figures.length ? figures(issue) : h("p", { class: "empty" }, t("empty_figures")),
      words(issue),
      issue.warnings.length ? warnings(issue) : null,
      issue.pictures.length ? Report.pictureList(issue, { class: "pictures small" }) : null);

  const fact = (word, value) => h("span", {}, h("span", { class: "label" }, t(word)), " ", h("span", { dir: "auto" }, value));

  const figures = (issue) => {
    const heads = ["metric", "value", "week_before", "year_before", "stated", "source", "evidence"];
    return h("div", { class: "scroller", tabindex: 0, role: "region", "aria-label": `${t("figures")}, ${Report.weekName(issue.id)}` },
      h("table", { class: "figures" },
        h("thead", {}, h("tr", {}, heads.map((word) => h("th", { scope: "col", class: word === "value" ? "number" : null }, t(word))))),
        h("tbody", {}, issue.figures.map((figure) => figureRow(issue, figure)))));
  };

  const figureRow = (issue, figure) => {
    const metric = Report.data.metrics[figure.m];
    const how = figure.checked ? t(`checked.${figure.checked}`) : figure.conf < 1 && t("sure", { share: Report.percent(figure.conf * 100, 0) });
    return h("tr", {},
      h("th", { scope: "row" }, Report.metricName(metric), h("code", {}, metric.name)),
      h("td", { class: "number" }, Report.valueNode(figure, metric)),
      ["w", "y"].map((kind) => {
        const one = model.comparison(issue, figure, kind);
        return cell(one.word, one.text ? "none" : null, one.text || model.changeText(one));
      }),
      cell(t("stated"), null, [Report.statedText(figure), figure.s !== null && t("share_of", { share: Report.percent(figure.s) })].filter(Boolean).join("; ") || "–"),
      cell(t("source"), null, source(issue, figure), how && h("span", { class: "sure" }, ` ${how}`)),
      cell(t("evidence"), "evidence-text", Report.evidenceNode(issue, figure)));
  };

  /** A cell that knows its heading: a phone shows it beside the value, for the columns stand below each other there. */
  const cell = (head, name, ...content) => h("td", { class: name, data: { head } }, content);

  /** The picture that a figure was read from, as a link, where it is known. */
  const source = (issue, figure) => {
    const picture = issue.pictures[figure.p];
    return picture ? Report.linkOut(picture.href || picture.url, Report.pictureName(issue, figure.p)) : t(`source.${figure.src}`);
  };

  const words = (issue) =>
    Object.entries(issue.words).map(([name, value]) =>
      h("p", { class: "facts" }, h("span", { class: "label" }, t(`metric.${name}`) || name), " ", Report.quoted(value)));

  const warnings = (issue) =>
    h("ul", { class: "doubts" }, issue.warnings.map(([code, message]) =>
      h("li", { class: issue.doubts.every(([one]) => one !== code) ? "good" : null }, h("strong", {}, t(`warning.${code}`) || code), h("span", { dir: "auto" }, ` ${message}`))));

  Report.details = { ofIssue };
}
