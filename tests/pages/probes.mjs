// What the tests measure inside a page. Each function is sent into the page whole: it sees nothing of this file.

/** Who has the focus: the element's role or name, its text or label, and whether it can be seen. */
export function focused() {
  const one = document.activeElement;
  const { width, height, top } = one.getBoundingClientRect();
  const outlined = getComputedStyle(one).outlineStyle !== "none";
  const text = (one.labels?.[0]?.innerText ?? one.textContent).replace(/\s+/g, " ").trim();
  const shown = width > 1 && height > 1 && top < innerHeight && top + height > 0;
  return { tag: one.localName, id: one.id, href: one.getAttribute("href"), text, shown, outlined };
}

/** Marks the document: a page that was loaded anew has no mark. */
export function mark() {
  globalThis.marked = true;
}

export function isMarked() {
  return globalThis.marked === true;
}

/** What a reader did to the page: how far it is scrolled, what is open, what is typed. */
export function standing() {
  return {
    scrolled: Math.round(scrollY),
    open: [...document.querySelectorAll("details[open]")].map((part) => part.id),
    dialog: document.querySelector("dialog")?.open ?? false,
    note: document.querySelector("dialog #note")?.value ?? null,
    focus: document.activeElement.id || document.activeElement.getAttribute("href"),
  };
}

export function scroll(to) {
  scrollTo({ top: to, behavior: "instant" });
}

/** How much wider than the window the page is, and what reaches out of it (parts that scroll by themselves don't count). */
export function overflow() {
  const scrolls = (one) => one && (["auto", "scroll"].includes(getComputedStyle(one).overflowX) || scrolls(one.parentElement));
  const out = [...document.body.querySelectorAll("*")].filter((one) => {
    const { right, width } = one.getBoundingClientRect();
    return width > 0 && right > innerWidth + 1 && !one.closest(".hidden, .skip") && !scrolls(one);
  });
  const name = (one) => `${one.localName}.${one.getAttribute("class") ?? ""} ${one.textContent.trim().slice(0, 40)}`;
  return { by: document.documentElement.scrollWidth - innerWidth, out: out.slice(0, 5).map(name) };
}

/** Controls too small to hit by a finger, below 24 pixels: links by their height, others either way. Links in text are left aside. */
export function small() {
  const controls = [...document.querySelectorAll("a, button, input:not([type=hidden]), select, summary")];
  const seen = controls.filter((one) => one.checkVisibility() && !one.closest(".skip, p, dd, small, li.message"));
  const few = seen.filter((one) => {
    const { width, height } = one.getBoundingClientRect();
    return width > 1 && (height < 24 || (width < 24 && one.localName !== "a"));
  });
  return few.map((one) => {
    const { width, height } = one.getBoundingClientRect();
    return `${one.localName} "${one.textContent.trim()}" ${Math.round(width)}x${Math.round(height)}`;
  });
}

/** Texts whose contrast to what is behind them is below WCAG's 4.5 to 1, and the page's own background. */
export function contrast() {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parse = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const behind = (one) => {
    for (let each = one; each; each = each.parentElement) {
      const color = parse(getComputedStyle(each).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255, 255];
  };
  const light = (color) => {
    const parts = color.slice(0, 3).map((part) => part / 255);
    const [r, g, b] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const faint = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const one = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !one.checkVisibility() || one.closest("svg, .hidden, .skip")) continue;
    const [text, back] = [light(parse(getComputedStyle(one).color)), light(behind(one))];
    const ratio = (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05);
    if (ratio < 4.5) faint.add(`${ratio.toFixed(2)}: ${walker.currentNode.data.trim().slice(0, 60)}`);
  }
  return { background: parse(getComputedStyle(document.body).backgroundColor).slice(0, 3), faint: [...faint] };
}

/** The timelines that an element holds: the name of each, and for each of its shapes how it is drawn, without colours. */
export function timelines(on) {
  const drawing = (svg) => ({
    name: svg.querySelector("title")?.textContent ?? null,
    shapes: [...svg.querySelectorAll("path")].map((path) => {
      const heights = [...path.getAttribute("d").matchAll(/M[\d.]+ ([\d.]+)h/g)].map(([, height]) => Number(height));
      const width = parseFloat(getComputedStyle(path).strokeWidth);
      return { word: path.getAttribute("class"), heights: [...new Set(heights)], width };
    }),
  });
  return [...document.querySelectorAll(on)].map(drawing);
}

/** Tables in which some cell has no head for its column, and parts of a page that a reader can't tell from each other. */
export function tables() {
  return [...document.querySelectorAll("table")].map((table) => ({
    heads: table.querySelectorAll("thead th[scope=col]").length,
    columns: Math.max(...[...table.rows].map((row) => row.cells.length)),
  }));
}

/** Ids that more than one element has. */
export function doubles() {
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  return ids.filter((id, place) => ids.indexOf(id) !== place);
}
