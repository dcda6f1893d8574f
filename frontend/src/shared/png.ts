/** Pictures of plots, to put into a document. */

const MARGIN = 16;
const TITLE = 28;
const FOOT = 20;

/** A plot with its title above and what its axis counts below, on the page's ground, as a file. */
export function savePng(plot: HTMLCanvasElement, title: string, foot = ""): void {
  const ratio = devicePixelRatio || 1;
  const css = getComputedStyle(document.documentElement);
  const color = (name: string) => css.getPropertyValue(name).trim();
  const sheet = document.createElement("canvas");
  sheet.width = plot.width + 2 * MARGIN * ratio;
  sheet.height = plot.height + (2 * MARGIN + TITLE + (foot ? FOOT : 0)) * ratio;
  const pen = sheet.getContext("2d");
  if (!pen) return;
  pen.fillStyle = color("--s1");
  pen.fillRect(0, 0, sheet.width, sheet.height);
  pen.textBaseline = "top";
  pen.fillStyle = color("--t1");
  pen.font = `600 ${15 * ratio}px Inter Variable, sans-serif`;
  pen.fillText(title, MARGIN * ratio, MARGIN * ratio);
  pen.drawImage(plot, MARGIN * ratio, (MARGIN + TITLE) * ratio);
  pen.fillStyle = color("--t3");
  pen.font = `400 ${12 * ratio}px Inter Variable, sans-serif`;
  pen.textAlign = "center";
  pen.fillText(foot, sheet.width / 2, (MARGIN + TITLE) * ratio + plot.height);
  sheet.toBlob((blob) => blob && save(blob, `${fileName(title)}.png`));
}

/** "Right reads, by how many are kept" -> "right-reads-by-how-many-are-kept". */
export function fileName(title: string): string {
  const plain = title.normalize("NFD").replace(/\p{Diacritic}/gu, "").toLowerCase();
  return plain.replace(/[^a-z0-9]+/gu, "-").replace(/^-+|-+$/gu, "") || "plot";
}

export function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // Some browsers read the address only after the click has been handled.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
