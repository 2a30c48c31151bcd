// What is on the desk, what a person does with it, and what the server says to that.
"use strict";

{
  const { h, t } = Report;
  const items = new Map(Report.data.items.map((item) => [item.id, item]));
  const order = [...items.keys()];
  const judgedHere = new Set(Report.data.judged);
  const main = document.getElementById("main");

  let shown = null; // the details of the item on the page
  let place = 0;
  let editing = null;
  let notice = null;
  let busy = false;
  let mayUndo = Report.data.undo;
  let ended = false;

  class Failed extends Error {}

  /** What the server answers, as {status, body}. Throws Failed with a line for a person. */
  const ask = async (path, body) => {
    const options = body && { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json", "X-Review-Key": Report.data.key } };
    let response;
    try {
      response = await fetch(path, { cache: "no-store", ...options });
    } catch {
      throw new Failed(t("server_gone"));
    }
    const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
    const answer = isJson ? await response.json() : { text: await response.text() };
    if (!isJson || response.status === 503) throw new Failed([answer.error && t(answer.error), answer.text].filter(Boolean).join(" "));
    return { status: response.status, body: answer };
  };

  /** Does one thing at a time: a second key press on its heels is not meant. */
  const alone = async (action) => {
    if (busy || ended) return;
    busy = true;
    document.body.toggleAttribute("data-busy", true);
    try {
      await action();
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      notice = error.message;
      draw();
    } finally {
      busy = false;
      document.body.toggleAttribute("data-busy", false);
    }
  };

  const load = async (id) => {
    place = order.indexOf(id);
    const { body } = await ask(`/items/${id}`);
    shown = body;
    items.set(id, { ...items.get(id), state: body.state, value: body.value });
    editing = null;
    draw();
    main.focus({ preventScroll: true });
  };

  const show = (id) => alone(async () => {
    notice = null;
    await load(id);
  });

  const step = (by) => show(order[(place + by + order.length) % order.length]);

  /** The next item that nobody has judged, after this one or from the start: those that wait before those that count. */
  const next = () => {
    const later = [...order.slice(place + 1), ...order.slice(0, place)];
    return later.find((id) => items.get(id).state === "open") ?? later.find((id) => items.get(id).state === "accepted");
  };

  const take = ({ items: changed, undo }) => {
    for (const item of changed) items.set(item.id, item);
    mayUndo = undo;
  };

  const judge = (verdict, typed = {}) => alone(async () => {
    const said = shown;
    const { status, body } = await ask(`/items/${said.id}`, { verdict, seen: said.mark, ...typed });
    if (status === 422) {
      const why = [t(body.error), body.text].filter(Boolean).join(" ");
      if (editing) editing.refuse(why);
      else notify(why);
      return;
    }
    take(body);
    if (status === 409) {
      notice = t("told_meanwhile");
      await load(said.id);
      return;
    }
    judgedHere.add(said.id);
    notice = null;
    Report.say(t(`told_${body.said.verdict}`, { what: Report.what(body.said) }));
    const following = next();
    if (following === undefined) notice = t("all_judged");
    await load(following ?? said.id);
  });

  const undo = () => mayUndo && alone(async () => {
    const { status, body } = await ask("/undo", {});
    if (status === 422) {
      notify(t(body.error));
      return;
    }
    take(body);
    judgedHere.delete(body.id);
    notice = status === 409 ? t("told_not_undone") : null;
    if (status !== 409) Report.say(t("told_undone", { what: Report.metricTitle(items.get(body.id).metric) }));
    await load(body.id);
  });

  const finish = () => alone(async () => {
    const { body } = await ask("/done", {});
    ended = true;
    for (const button of document.querySelectorAll("#head button")) button.disabled = true;
    main.replaceChildren(h("p", { class: "notice", role: "alert" }, t("ended", { n: body.judged, left: body.left })));
    document.getElementById("others").hidden = true;
  });

  const notify = (text) => {
    notice = text;
    draw();
  };

  const edit = () => {
    if (!shown || editing) return;
    editing = Report.form(shown, (typed) => judge("corrected", typed), () => {
      editing = null;
      draw();
      main.focus({ preventScroll: true });
    });
    draw();
    editing.begin();
  };

  const buttons = () => {
    const button = (word, key, action, facts = {}) => h("button", { type: "button", "aria-keyshortcuts": key, on: { click: action }, ...facts }, t(word));
    return h("div", { class: "actions" },
      button("confirm", "Enter", () => judge("confirmed"), { class: "main", id: "confirm" }),
      button("correct", "E", edit, { id: "correct" }),
      button("refuse", "N", () => judge("refused"), { id: "refuse" }),
      h("span", { class: "steps" }, button("back", "ArrowLeft", () => step(-1), { id: "back" }), button("skip", "ArrowRight", () => step(1), { id: "skip" })),
      h("p", { class: "about keys" }, t("keys")));
  };

  const draw = () => {
    Report.fillWords();
    const states = [...items.values()].map((item) => item.state);
    const open = states.filter((state) => state === "open").length;
    const bar = document.getElementById("bar");
    bar.max = Math.max(order.length, 1);
    bar.value = states.filter((state) => !["open", "accepted"].includes(state)).length;
    bar.setAttribute("aria-label", t("title"));
    document.getElementById("count").textContent =
      `${open ? t("progress_open", { n: open }) : t("progress_none")} · ${t("progress_judged", { n: judgedHere.size, by: Report.data.by })}`;
    const language = document.getElementById("language");
    const other = Report.language === "zh" ? "en" : "zh";
    language.textContent = Report.LANGUAGES[other];
    language.lang = other === "zh" ? "zh-CN" : "en";
    document.getElementById("undo").disabled = !mayUndo;
    document.getElementById("list").replaceChildren(...order.map((id) => line(items.get(id))));
    if (!shown) return;
    main.replaceChildren(Report.card(shown, editing ? null : buttons(), editing?.form, notice));
    const others = document.getElementById("others");
    const here = others.querySelector("[aria-current]");
    if (here && others.scrollHeight > others.clientHeight) others.scrollTo({ top: here.offsetTop - others.clientHeight / 2 });
    const frame = main.querySelector(".whole .box");
    frame?.ownerSVGElement.parentElement.scrollTo({ top: Math.max(0, frame.getBoundingClientRect().top - frame.ownerSVGElement.getBoundingClientRect().top - 120) });
  };

  const line = (item) =>
    h("li", {}, h("button", { type: "button", class: "line", "aria-current": item.id === shown?.id ? "true" : null, on: { click: () => show(item.id) } },
      h("span", {}, item.issue), h("span", { class: "what" }, Report.metricTitle(item.metric)), h("b", {}, Report.number(item.value)),
      h("span", { class: `state ${item.state}` }, t(`state.${item.state}`))));

  /** Whoever sees no picture, or what is judged already, has to mean it: a click. */
  const mayJudgeByKey = () => ["open", "accepted"].includes(shown.state) && main.querySelector(".cut-out [data-loaded]");

  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || !shown || editing || ended) return;
    if (event.target.closest("input, select, textarea")) return;
    const isButton = event.target.closest("button, a, summary");
    const actions = {
      Enter: () => mayJudgeByKey() && judge("confirmed"),
      e: edit, n: () => mayJudgeByKey() && judge("refused"), u: undo, ArrowLeft: () => step(-1), ArrowRight: () => step(1),
    };
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action || (event.key === "Enter" && isButton)) return;
    event.preventDefault();
    action();
  });

  document.getElementById("undo").addEventListener("click", undo);
  document.getElementById("done").addEventListener("click", finish);
  document.getElementById("language").addEventListener("click", () => {
    Report.language = Report.language === "zh" ? "en" : "zh";
    Report.memory.write("language", Report.language);
    editing = null;
    draw();
  });
  document.getElementById("others").open = matchMedia("(min-width: 70rem)").matches;

  place = -1;
  show(next() ?? order[0]);
}
