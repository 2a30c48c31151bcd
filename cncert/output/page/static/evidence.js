// What a figure rests on: the sentence, or the words in the picture with the part of it that shows them.
"use strict";

{
  const { h, svg } = Report;

  /** The evidence of a figure. */
  Report.evidenceNode = (issue, figure) =>
    h("div", {}, Report.quoted(issue.evidences[figure.e] ?? "", "blockquote"), crop(issue.pictures[figure.p], figure.box));

  /** The surroundings of *box* in a picture, with a frame around it; null where either is not known. */
  const crop = (picture, box) => {
    const source = picture && box && Report.pictureSource({ ...picture, thumb: picture.href ? null : picture.thumb });
    if (!source || !picture.width || !picture.height) return null;
    const [x, y, width, height] = box;
    const [left, top] = [Math.max(0, x - 5 * height), Math.max(0, y - height)];
    const [right, bottom] = [Math.min(picture.width, x + width + 3 * height), Math.min(picture.height, y + 2 * height)];
    if (right <= left || bottom <= top) return null;
    const frame = { x, y, width, height, class: "box" };
    const drawing = svg("svg", { class: "crop", viewBox: `${left} ${top} ${right - left} ${bottom - top}`, "aria-hidden": "true" },
      svg("image", { href: source, width: picture.width, height: picture.height, on: { error: () => drawing.remove() } }),
      svg("rect", frame));
    return drawing;
  };
}
