// All of one issue, below its row in the table.
"use strict";

{
  const { h, t, model } = Report;

  const ofIssue = (issue) =>
    h("div", { class: "details" },
      h("p", { class: "facts" },
        fact("published", Report.published(issue, true)),
        fact("read_from", Report.readFrom(issue)),
        issue.stated_source && fact("stated_source", Report.quoted(issue.stated_source)),
        fact("came_by", t(`via.${issue.via}`) || issue.via),
        fact("parser", issue.parser),
        issue.documents.map((one) => (one.href ? h("a", { href: one.href }, t("document")) : Report.linkOut(one.url, t("document"), " ↗"))),
        issue.url && !issue.gone && Report.linkOut(issue.url, t("article"), " ↗"),
        h("a", { href: `#issue-${issue.id}` }, t("link_here"))),
      issue.gone && h("p", { class: "note" }, t("article_gone")),
      issue.figures.length ? figures(issue) : h("p", { class: "empty" }, t("empty_figures")),
      Report.wordsOf(issue),
      issue.rankings.map(ranking),
      issue.warnings.length ? warnings(issue) : null,
      issue.editions.length ? editions(issue) : null,
      issue.pictures.length ? Report.pictureList(issue, { class: "pictures small" }) : null);

  const fact = (word, value) => h("span", {}, h("span", { class: "label" }, t(word)), " ", h("span", { dir: "auto" }, value));

  const table = (name, issue, heads, rows) =>
    h("div", { class: "scroller", tabindex: 0, role: "region", "aria-label": `${t(name)}, ${Report.weekName(issue.id)}` },
      h("table", { class: "figures" },
        h("thead", {}, h("tr", {}, heads.map((word) => h("th", { scope: "col", class: word === "value" ? "number" : null }, t(word))))),
        h("tbody", {}, rows)));

  const figures = (issue) =>
    table("figures", issue, ["metric", "value", "week_before", "year_before", "stated", "source", "evidence"],
      issue.figures.map((figure) => figureRow(issue, figure)));

  /** All that was read of the issue, what counts first. */
  const editions = (issue) => {
    const rows = [...issue.editions].sort((one, other) => other.chosen - one.chosen).map((one) =>
      h("tr", { class: one.withdrawn ? "withdrawn" : null },
        h("th", { scope: "row" }, Report.linkOut(one.url, t(`source.${one.source}`)), h("code", {}, one.id.slice(0, 8))),
        cell(t("state"), one.chosen ? "counts" : null, t(one.chosen ? "edition_chosen" : one.withdrawn ? "edition_withdrawn" : "edition_other")),
        cell(t("came_by"), null, t(`via.${one.via}`)),
        cell(t("account"), one.account ? null : "bare", Report.quoted(one.account ?? "–")),
        ["published", "first_seen", "last_seen"].map((name) => cell(t(name), one[name] ? null : "bare", Report.moment(one[name], true)))));
    return h("div", { class: "editions" },
      h("p", { class: "label" }, t("editions")),
      table("editions", issue, ["edition", "state", "came_by", "account", "published", "first_seen", "last_seen"], rows));
  };

  const figureRow = (issue, figure) => {
    const metric = Report.data.metrics[figure.m];
    const how = figure.checked ? t(model.isPicture(figure) ? `checked.${figure.checked}` : "checked.text") : figure.conf < 1 && t("sure", { share: Report.percent(figure.conf * 100, 0) });
    return h("tr", {},
      h("th", { scope: "row" }, Report.metricName(metric), h("code", {}, metric.name)),
      h("td", { class: "number" }, Report.valueNode(figure, metric)),
      ["w", "y"].map((kind) => {
        const one = model.comparison(issue, figure, kind);
        return cell(one.word, one.text ? "none" : null, one.text || model.changeText(one));
      }),
      stated(figure),
      cell(t("source"), null, source(issue, figure), how && h("span", { class: "sure" }, ` ${how}`)),
      cell(t("evidence"), "evidence-text", Report.evidenceNode(issue, figure), parts(figure)));
  };

  /** What the report itself says beside the number. */
  const stated = (figure) => {
    const share = figure.s !== null && t("share_of", { share: Report.percent(figure.s) });
    const text = [Report.statedText(figure), share].filter(Boolean).join("; ");
    return cell(t("stated"), text ? null : "bare", text || "–");
  };

  /** The shares of a figure's parts. */
  const parts = (figure) =>
    figure.parts.length > 0 && h("ul", { class: "parts" }, figure.parts.map(([name, share]) => h("li", {}, Report.quoted(name), amount(null, share))));

  /** A cell that knows its heading: a phone shows it beside the value, for the columns stand below each other there. */
  const cell = (head, name, ...content) => h("td", { class: name, data: { head } }, content);

  /** The picture that a figure was read from, as a link, where it is known. */
  const source = (issue, figure) => {
    const picture = issue.pictures[figure.p];
    return picture ? Report.linkOut(picture.href || picture.url, Report.pictureName(issue, figure.p)) : t(`source.${figure.src}`);
  };

  /** A list as the report states it, greatest first. */
  const ranking = ({ m, by, lines }) =>
    h("div", { class: "ranking" },
      h("p", { class: "label" }, t(`ranking.${by}`, { metric: Report.metricName(Report.data.metrics[m]) })),
      h("ol", {}, lines.map(([name, value, share]) => h("li", {}, Report.quoted(name), amount(value, share)))));

  const amount = (value, share) => {
    const numbers = [value !== null && Report.number(value), share !== null && Report.percent(share)].filter(Boolean);
    return numbers.length > 0 && h("span", { class: "label" }, ` ${numbers.join(", ")}`);
  };

  const warnings = (issue) =>
    h("ul", { class: "doubts" }, issue.warnings.map(([code, message]) =>
      h("li", { class: issue.doubts.every(([one]) => one !== code) ? "good" : null }, h("strong", {}, t(`warning.${code}`) || code), h("span", { dir: "auto" }, ` ${message}`))));

  Report.details = { ofIssue };
}
