import { pathToFileURL } from 'node:url'
import { METRICS, type Metric } from '@switchboard/contracts/metrics'
import { SPANS } from '@switchboard/contracts/traces'
import { COMMON_SETTINGS, type Setting, type Table } from '@switchboard/runtime/settings'
import { TEST_SETTINGS } from '@switchboard/testkit/servers'
import { code, table } from './docs-markdown.ts'
import { START_SETTINGS } from './system/settings.ts'

export const SERVICES = ['edge', 'router', 'storage', 'notifier'] as const

function defaultOf(setting: Setting): string {
  const { default: value } = setting as { default?: unknown }
  if (value === undefined) return 'required'
  if (Array.isArray(value)) return value.length === 0 ? '' : value.map((item) => code(String(item))).join(', ')
  return value === '' ? '' : code(String(value))
}

function typeOf(setting: Setting): string {
  const { type } = setting
  const { min, max } = setting as { min?: number; max?: number }
  const range = min !== undefined && max !== undefined ? ` ${min}…${max}` : min === undefined ? '' : ` from ${min}`
  return `${type}${range}${setting.secret ? ', secret' : ''}`
}

const rows = (settings: Table, without: Table = {}) =>
  table(
    ['Setting', 'Type', 'Default', ''],
    Object.entries(settings)
      .filter(([name]) => !(name in without))
      .map(([name, setting]) => [code(name), typeOf(setting), defaultOf(setting), setting.doc]),
  )

/** Every generated block of docs/settings.md. */
export async function settingsBlocks(root: string): Promise<Record<string, string>> {
  const blocks: Record<string, string> = {
    start: rows(START_SETTINGS),
    every: rows(COMMON_SETTINGS),
    tests: rows(TEST_SETTINGS),
  }
  for (const service of SERVICES) {
    const path = `${root}services/${service}/src/config.ts`
    const { settings } = (await import(pathToFileURL(path).href)) as { settings: Table }
    const own = Object.keys(settings).some((name) => !(name in COMMON_SETTINGS))
    blocks[service] = own ? rows(settings, COMMON_SETTINGS) : 'None of its own.'
  }
  return blocks
}

/** The generated block of docs/traces.md. */
export const traceBlocks = (): Record<string, string> => ({
  spans: table(
    ['Span', 'Covers', 'Child of', 'Linked to', 'Attributes'],
    Object.entries(SPANS).map(([name, { covers, parent, links, attributes }]) => [
      code(name),
      covers,
      parent,
      links,
      attributes.map(code).join(', '),
    ]),
  ),
})

const GROUPS = ['channel', 'process', 'edge', 'router', 'storage', 'notifier']

/** Every generated block of docs/metrics.md. */
export const metricsBlocks = (): Record<string, string> =>
  Object.fromEntries(
    GROUPS.map((group) => [
      group,
      table(
        ['Metric', 'Type', 'Labels', ''],
        Object.entries(METRICS as Record<string, Metric>)
          .filter(([name]) => name.split('_')[1] === group)
          .map(([name, { type, labels, help }]) => [code(name), type, labels.map(code).join(', '), `${help}.`]),
      ),
    ]),
  )
