import type { MetricName } from '@switchboard/contracts/metrics'

export const HERE = 'namespace=~"$namespace"'
export const where = (labels = ''): string => `{${HERE}${labels === '' ? '' : `, ${labels}`}}`
/** Per second, summed by labels. */
export const rate = (metric: MetricName, by: string, labels = ''): string =>
  `sum by (${by}) (rate(${metric}${where(labels)}[5m]))`
export const sum = (metric: MetricName, by: string, labels = ''): string => `sum by (${by}) (${metric}${where(labels)})`
export const max = (metric: MetricName, by: string, labels = ''): string => `max by (${by}) (${metric}${where(labels)})`
export const quantile = (q: number, metric: MetricName, labels = ''): string =>
  `histogram_quantile(${q}, sum by (le) (rate(${metric}_bucket${where(labels)}[5m])))`
/** Half of all, and all but one in a hundred. */
export const times = (metric: MetricName, labels = ''): Record<string, string> => ({
  half: quantile(0.5, metric, labels),
  '99 of 100': quantile(0.99, metric, labels),
})
