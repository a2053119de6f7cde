import type { SeenSpan } from './collector.ts'

/** A span below its parents, with what it says in a line. */
interface Line {
  readonly depth: number
  readonly span: SeenSpan
}

function below(spans: readonly SeenSpan[], parent: string, depth: number): Line[] {
  const children = spans.filter(({ parentSpanId }) => parentSpanId === parent)
  return children
    .sort((a, b) => a.startMs - b.startMs)
    .flatMap((span) => [{ depth, span }, ...below(spans, span.spanId, depth + 1)])
}

/** A span and everything below it. */
export const subtree = (spans: readonly SeenSpan[], root: SeenSpan): SeenSpan[] => [
  root,
  ...below(spans, root.spanId, 0).map(({ span }) => span),
]

/** A trace as a tree, in the order in which things began: two spaces for each step down. */
export const treeOf = (spans: readonly SeenSpan[], root: string): string[] =>
  below(spans, root, 0).map(({ depth, span }) => `${'  '.repeat(depth)}${span.service}: ${span.name}`)

const WIDTH = 48

/** The same for people: when each began after the first, how long it took, and a bar. */
export function waterfall(spans: readonly SeenSpan[], root: string): string {
  const lines = below(spans, root, 0)
  const first = Math.min(...lines.map(({ span }) => span.startMs))
  const whole = Math.max(...lines.map(({ span }) => span.endMs - first))
  const rows = lines.map(({ depth, span }) => {
    const [from, took] = [span.startMs - first, span.endMs - span.startMs]
    const start = Math.min(WIDTH - 1, Math.floor((from / whole) * WIDTH))
    const length = Math.max(1, Math.round((took / whole) * WIDTH))
    const bar = `${' '.repeat(start)}${'█'.repeat(Math.min(length, WIDTH - start))}`.padEnd(WIDTH)
    const name = `${'  '.repeat(depth)}${span.name}`.padEnd(46)
    return `${name} ${from.toFixed(1).padStart(8)} ${took.toFixed(1).padStart(8)} ${bar}`.trimEnd()
  })
  return [`${'span'.padEnd(46)} ${'at ms'.padStart(8)} ${'took ms'.padStart(8)}`, ...rows].join('\n')
}
