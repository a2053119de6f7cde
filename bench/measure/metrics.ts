/** One sample of /metrics: its name, its labels as they stand there, its value. */
export interface MetricSample {
  readonly name: string
  readonly labels: string
  readonly value: number
}

/** The samples out of the text of Prometheus. */
export function parseMetrics(text: string): MetricSample[] {
  return [...text.matchAll(/^([a-z_]+)(?:\{([^}]*)\})? (\S+)$/gm)].map(([, name = '', labels = '', value]) => ({
    name,
    labels,
    value: Number(value),
  }))
}

/** The sum of all samples of a name whose labels hold this text: `query="room.load"`. */
export const sumOf = (samples: readonly MetricSample[], name: string, label = ''): number =>
  samples.reduce((sum, sample) => sum + (sample.name === name && sample.labels.includes(label) ? sample.value : 0), 0)

/** @throws when the process does not answer. */
export async function readMetrics(operatorUrl: string): Promise<MetricSample[]> {
  const response = await fetch(`${operatorUrl}/metrics`, { signal: AbortSignal.timeout(5_000) })
  if (!response.ok) throw new Error(`${operatorUrl}/metrics answered ${response.status}`)
  return parseMetrics(await response.text())
}
