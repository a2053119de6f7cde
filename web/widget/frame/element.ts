type Child = Node | string

/** An element with properties and children; texts become text nodes and never markup. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: Record<string, unknown> = {},
  ...children: Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes('-') || key === 'role' || key === 'for') made.setAttribute(key, String(value))
    else Object.assign(made, { [key]: value })
  }
  made.append(...children)
  return made
}

const SVG = 'http://www.w3.org/2000/svg'

export const ICONS = {
  close: 'M6 9l6 6 6-6',
  send: 'M4 12l16-7-6 16-3-7-7-2z',
  more: 'M12 5.5v.1M12 12v.1M12 18.5v.1',
  star: 'M12 3.6l2.6 5.3 5.8.9-4.2 4.1 1 5.8-5.2-2.8-5.2 2.8 1-5.8-4.2-4.1 5.8-.9z',
} as const

export function icon(name: keyof typeof ICONS): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('aria-hidden', 'true')
  const path = document.createElementNS(SVG, 'path')
  path.setAttribute('d', ICONS[name])
  svg.append(path)
  return svg
}
