/** Curves on paper with two logarithmic scales, as SVG: the same text for the same figures, readable on light and on dark pages. */

export interface Curve {
  readonly name: string
  /** Behind the name in the legend. */
  readonly note: string
  readonly points: readonly {
    readonly x: number
    readonly median: number
    readonly min: number
    readonly max: number
  }[]
}

export interface Plot {
  readonly title: string
  readonly xTitle: string
  readonly curves: readonly Curve[]
}

const [WIDTH, HEIGHT] = [860, 400]
const AREA = { left: 70, right: 560, top: 50, bottom: 340 } as const
const LEGEND = { left: 584, top: 66, step: 34 } as const
/** Told apart also by those who do not see all colours, and on both grounds. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#a68a00', '#56b4e9', '#8c6bb1', '#7f7f7f'] as const
const STEPS = [1, 2, 5] as const

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const STYLE = `
    text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: #1f2328 }
    .title { font-size: 16px; font-weight: 600 }
    .tick, .note { font-size: 12px; fill: #57606a }
    .end { text-anchor: end }
    .middle { text-anchor: middle }
    .grid { stroke: #d0d7de; stroke-width: 1 }
    .curve { fill: none; stroke-width: 2.2; stroke-linejoin: round }
    .spread { stroke-width: 1.4 }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      .tick, .note { fill: #a9b4c0 }
      .grid { stroke: #3d444d }
    }
  `

/** Numbers of the form 1, 2, 5 · 10ⁿ from just below the least to just above the most. */
export function ticksBetween(min: number, max: number): number[] {
  const ticks: number[] = []
  for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); power += 1)
    for (const step of STEPS) ticks.push(step * 10 ** power)
  // Powers below 1 are not exact: 5 · 10⁻² must not be a hair above 0.05.
  const exact = ticks.map((tick) => Number(tick.toPrecision(3)))
  const first = exact.findLastIndex((tick) => tick <= min)
  const last = exact.findIndex((tick, i) => tick >= max && i > first)
  return exact.slice(first, last + 1)
}

/** Where a value lies between two ends, on a logarithmic scale, in pixels with one decimal. */
function scale(ends: readonly [number, number], pixels: readonly [number, number]): (value: number) => string {
  const [low, high] = ends.map(Math.log) as [number, number]
  const [from, to] = pixels
  return (value) => (from + ((Math.log(value) - low) / (high - low)) * (to - from)).toFixed(1)
}

const numberText = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: 4 })

/** @throws when there is nothing to draw, or a value that has no logarithm. */
export function plot({ title, xTitle, curves }: Plot): string {
  const points = curves.flatMap((curve) => curve.points)
  const xs = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b)
  const least = Math.min(...points.map(({ min }) => min))
  if (xs.length < 2 || !(least > 0) || !((xs[0] ?? 0) > 0)) throw new Error(`nothing can be drawn of "${title}"`)
  const yTicks = ticksBetween(least, Math.max(...points.map(({ max }) => max)))
  const x = scale([xs[0] ?? 1, xs.at(-1) ?? 1], [AREA.left, AREA.right])
  const y = scale([yTicks[0] ?? 1, yTicks.at(-1) ?? 1], [AREA.bottom, AREA.top])
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="title">`,
    `  <title id="title">${escaped(title)}</title>`,
    `  <style>${STYLE}</style>`,
    `  <text class="title" x="${AREA.left}" y="28">${escaped(title)}</text>`,
    ...yTicks.flatMap((tick) => [
      `  <path class="grid" d="M${AREA.left} ${y(tick)}H${AREA.right}"/>`,
      `  <text class="tick end" x="${AREA.left - 8}" y="${y(tick)}" dy="4">${numberText(tick)}</text>`,
    ]),
    ...xs.flatMap((tick) => [
      `  <path class="grid" d="M${x(tick)} ${AREA.top}V${AREA.bottom}"/>`,
      `  <text class="tick middle" x="${x(tick)}" y="${AREA.bottom + 20}">${numberText(tick)}</text>`,
    ]),
    `  <text class="middle" x="${(AREA.left + AREA.right) / 2}" y="${AREA.bottom + 44}">${escaped(xTitle)}</text>`,
    ...curves.flatMap((curve, i) => drawn(curve, { x, y, colour: COLOURS[i % COLOURS.length] ?? '' })),
    ...curves.flatMap((curve, i) => legend(curve, i)),
    '</svg>',
    '',
  ].join('\n')
}

type Scale = (value: number) => string

function drawn({ points }: Curve, { x, y, colour }: { x: Scale; y: Scale; colour: string }): string[] {
  const line = points.map((point, i) => `${i === 0 ? 'M' : 'L'}${x(point.x)} ${y(point.median)}`).join('')
  return [
    `  <path class="curve" stroke="${colour}" d="${line}"/>`,
    ...points.flatMap((point) => [
      `  <path class="spread" stroke="${colour}" d="M${x(point.x)} ${y(point.min)}V${y(point.max)}"/>`,
      `  <circle fill="${colour}" cx="${x(point.x)}" cy="${y(point.median)}" r="3.5"/>`,
    ]),
  ]
}

function legend({ name, note }: Curve, i: number): string[] {
  const top = LEGEND.top + i * LEGEND.step
  return [
    `  <path class="curve" stroke="${COLOURS[i % COLOURS.length]}" d="M${LEGEND.left} ${top - 4}h24"/>`,
    `  <text x="${LEGEND.left + 32}" y="${top}">${escaped(name)}</text>`,
    `  <text class="note" x="${LEGEND.left + 32}" y="${top + 15}">${escaped(note)}</text>`,
  ]
}
