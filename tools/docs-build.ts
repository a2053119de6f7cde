import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chartDocuments } from './charts/chart-documents.ts'
import { asyncapi } from './docs-asyncapi.ts'
import { faultBlocks } from './docs-faults.ts'
import { fill, table } from './docs-markdown.ts'
import { NOTHING, performanceBlocks, performancePlots } from './docs-performance.ts'
import { channelBlocks, protocolBlocks } from './docs-protocol.ts'
import { routesOf } from './docs-routes.ts'
import { metricsBlocks, settingsBlocks, traceBlocks } from './docs-settings.ts'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** One document as it should be, and as it is. */
export interface Document {
  readonly path: string
  readonly text: string
  readonly current: string
}

const read = (path: string): string => {
  const absolute = join(ROOT, path)
  return existsSync(absolute) ? readFileSync(absolute, 'utf8') : ''
}

/** The decisions, by the first lines of their files. @throws when one has no title or status. */
function decisions(): string {
  const files = readdirSync(join(ROOT, 'docs/decisions')).filter((name) => /^\d{4}-.*\.md$/.test(name))
  const rows = files.sort().map((name) => {
    const text = read(`docs/decisions/${name}`)
    const title = /^# (\d{4}) (.+)$/m.exec(text)
    const status = /^Status: (.+)$/m.exec(text)?.[1]
    if (!title?.[2] || title[1] !== name.slice(0, 4) || !status) throw new Error(`${name} has no title or status`)
    return [title[1], `[${title[2]}](${name})`, status]
  })
  return table(['', 'Decision', 'Status'], rows)
}

/** Every document that is generated, wholly or between markers. */
export async function buildDocuments(): Promise<Document[]> {
  const filled = (path: string, blocks: Readonly<Record<string, string>>): Document => {
    const current = read(path)
    return { path, current, text: fill(path, current, blocks) }
  }
  const { version } = JSON.parse(read('package.json')) as { version: string }
  const path = 'docs/asyncapi.json'
  const measured = JSON.parse(read('docs/performance.json') || JSON.stringify(NOTHING))
  const chart = await chartDocuments(ROOT)
  const whole = { ...chart.files, [path]: `${JSON.stringify(asyncapi(version), null, 2)}\n` }
  return [
    filled('docs/protocol.md', protocolBlocks(await routesOf(ROOT))),
    filled('docs/architecture.md', channelBlocks()),
    filled('docs/settings.md', await settingsBlocks(ROOT)),
    filled('docs/metrics.md', metricsBlocks()),
    filled('docs/traces.md', traceBlocks()),
    filled('docs/guarantees.md', faultBlocks(JSON.parse(read('docs/faults.json')))),
    filled('docs/performance.md', performanceBlocks(measured)),
    ...performancePlots(measured).map((plot) => ({ ...plot, current: read(plot.path) })),
    filled('docs/decisions/README.md', { decisions: decisions() }),
    filled('helm/switchboard/README.md', chart.blocks),
    ...Object.entries(whole).map(([name, text]) => ({ path: name, current: read(name), text })),
  ]
}
