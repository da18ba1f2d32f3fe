/*
 * What the tests ask of a page, in the language of the page: the browser reads this file before each page, and the tests
 * call its functions by name.
 */

/** Linear light of one part of a colour, and the brightness of a colour (WCAG 2.2). */
const linear = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);

function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

/** Any colour that CSS knows as red, green, blue and alpha. */
function rgba(colour) {
  globalThis.canvas ??= document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
}

const over = ([r, g, b, a], below) => [r, g, b].map((value, n) => value * a + below[n] * (1 - a)).concat(1);

/** The colour behind an element: its own ground and those of the elements that it lies in. */
function groundOf(element) {
  if (element === null) return [255, 255, 255, 1];
  const own = rgba(getComputedStyle(element).backgroundColor);
  return own[3] === 1 ? own : over(own, groundOf(element.parentElement));
}

function measured(node) {
  const element = node.parentElement;
  const style = getComputedStyle(element);
  const ground = groundOf(element);
  const colour = over(rgba(element instanceof SVGElement ? style.fill : style.color), ground);
  const size = Number.parseFloat(style.fontSize);
  const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  return { text: node.textContent.trim().slice(0, 60), ratio: contrast(colour, ground), needs: isLarge ? 3 : 4.5 };
}

const all = (selector) => [...document.querySelectorAll(selector)];

globalThis.inPage = {
  openAll() {
    for (const details of all('details')) details.open = true;
  },

  /** Contrast of every text that can be seen (1.4.3). */
  textContrasts() {
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.textContent.trim() !== '' && node.parentElement.checkVisibility()) found.push(measured(node));
    }
    return found;
  },

  /** Contrast of the outline of every bar that is drawn (1.4.11). */
  barContrasts: () =>
    all('.bar').map((bar) => ({
      text: bar.getAttribute('class'),
      ratio: contrast(rgba(getComputedStyle(bar).stroke), groundOf(bar.closest('section'))),
      needs: 3,
    })),

  /** What reaches beyond the right edge of the window. What is hidden from the eye alone does not count. */
  beyondTheEdge: () =>
    all('body *')
      .filter((element) => element.checkVisibility() && element.getBoundingClientRect().right > innerWidth + 1)
      .filter((element) => getComputedStyle(element).clipPath === 'none' && !element.closest('thead'))
      .map((element) => `${element.tagName} ${element.textContent.trim().slice(0, 60)}`),

  /** What a reader of the structure would stumble over. */
  faults() {
    const once = ['main', 'nav', 'body > .page > header', 'body > .page > footer', 'h1', 'title'];
    const levels = all('h1, h2, h3, h4').map((heading) => Number(heading.tagName.slice(1)));
    const ids = all('[id]').map(({ id }) => id);
    const hrefs = all('a').map((link) => link.getAttribute('href'));
    return [
      ...once.filter((selector) => all(selector).length !== 1).map((selector) => `not one ${selector}`),
      ...levels.filter((level, n) => level > (levels[n - 1] ?? 0) + 1).map((level) => `heading jumps to ${level}`),
      ...ids.filter((id, n) => ids.indexOf(id) !== n).map((id) => `id ${id} twice`),
      ...hrefs.filter((href) => !ids.includes(href.slice(1))).map((href) => `link to ${href}`),
      ...all('table')
        .filter((table) => !table.caption?.textContent.trim())
        .map(() => 'table without caption'),
      ...all('th:not([scope])').map((cell) => `heading without scope: ${cell.textContent}`),
    ];
  },

  /** Where the keyboard is, and whether a person can see that. */
  focused() {
    const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
    const { top, bottom } = document.activeElement.getBoundingClientRect();
    return {
      tag: document.activeElement.tagName,
      text: document.activeElement.textContent.trim(),
      isSeen: outlineStyle === 'solid' && Number.parseFloat(outlineWidth) >= 2 && top >= 0 && bottom <= innerHeight,
    };
  },

  /** Plants what somebody who could write into the page would plant. */
  plant() {
    document.body.insertAdjacentHTML(
      'beforeend',
      '<img src="http://elsewhere.test/x.png"><style>h1{color:red}</style>',
    );
    const script = document.createElement('script');
    script.textContent = 'window.hostile = 1';
    document.body.append(script);
  },
};
