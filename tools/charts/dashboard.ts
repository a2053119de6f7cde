/** One panel: a title that asks what the reader asks, and queries with the words of their legend. */
export interface Panel {
  readonly title: string
  readonly queries: Readonly<Record<string, string>>
  readonly unit?: 'short' | 's' | 'reqps' | 'bytes' | 'Bps' | 'percentunit' | 'none'
  readonly note?: string
}

/** A row of panels, named by what passes there. */
export interface Row {
  readonly title: string
  readonly panels: readonly Panel[]
}

export interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly note: string
  readonly rows: readonly Row[]
}

const WIDTH = 24
const HEIGHT = 8
const SOURCE = { type: 'prometheus', uid: '$datasource' }

/** A dashboard as Grafana 10 and newer read it: rows from top to bottom, the panels of a row side by side. */
export function grafana({ uid, title, note, rows }: Dashboard): object {
  const panels: object[] = []
  let y = 0
  for (const row of rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y, w: WIDTH, h: 1 },
    })
    const w = Math.floor(WIDTH / row.panels.length)
    for (const [i, panel] of row.panels.entries())
      panels.push(panelOf(panel, { id: panels.length + 1, gridPos: { x: i * w, y: y + 1, w, h: HEIGHT } }))
    y += HEIGHT + 1
  }
  return {
    uid,
    title,
    description: note,
    tags: ['switchboard'],
    timezone: 'browser',
    schemaVersion: 39,
    editable: true,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    templating: { list: [datasource, namespace] },
    panels,
  }
}

const panelOf = ({ title, note, unit = 'short', queries }: Panel, place: object): object => ({
  ...place,
  type: 'timeseries',
  title,
  ...(note !== undefined && { description: note }),
  datasource: SOURCE,
  fieldConfig: { defaults: { unit, min: 0, custom: { fillOpacity: 10, showPoints: 'never' } }, overrides: [] },
  options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
  targets: Object.entries(queries).map(([legendFormat, expr], i) => ({
    refId: String.fromCharCode('A'.charCodeAt(0) + i),
    datasource: SOURCE,
    expr,
    legendFormat,
  })),
})

const datasource = { name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Prometheus', hide: 0 }
const namespace = {
  name: 'namespace',
  type: 'query',
  label: 'Namespace',
  datasource: SOURCE,
  query: { query: 'label_values(switchboard_process_loop_lag_seconds, namespace)', refId: 'namespace' },
  refresh: 2,
  includeAll: true,
  allValue: '.*',
  multi: false,
  hide: 0,
}
