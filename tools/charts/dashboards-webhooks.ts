import type { Panel } from './dashboard.ts'
import { max, rate, times } from './dashboard-queries.ts'

/** What goes to customers' own servers, beside the pushes. */
export const WEBHOOK_PANELS: readonly Panel[] = [
  {
    title: 'Webhooks',
    unit: 'reqps',
    queries: { '{{outcome}}': rate('switchboard_notifier_webhooks_total', 'outcome') },
  },
  {
    title: 'From event to answer of a webhook',
    unit: 's',
    queries: times('switchboard_notifier_webhook_seconds'),
  },
  {
    title: 'Webhooks that do not answer well',
    queries: { '{{pod}}': max('switchboard_notifier_webhooks_held', 'pod') },
  },
]
