import { dashboardFiles } from './dashboards.ts'
import { valuesSchema, valuesTable, valuesYaml } from './documents.ts'
import { chartValues } from './values.ts'

/** What `npm run docs` writes for the chart: whole files by their paths, and blocks of its README. */
export async function chartDocuments(root: string): Promise<{
  readonly files: Readonly<Record<string, string>>
  readonly blocks: Readonly<Record<string, string>>
}> {
  const values = await chartValues(root)
  return {
    files: {
      'helm/switchboard/values.yaml': valuesYaml(values),
      'helm/switchboard/values.schema.json': valuesSchema(values),
      ...dashboardFiles('helm/switchboard/files/dashboards'),
    },
    blocks: { values: valuesTable(values) },
  }
}
