import { pathToFileURL } from 'node:url'
import type { Setting, Table } from '@switchboard/runtime/settings'
import type { Plain } from './value.ts'

export const SERVICES = ['edge', 'router', 'storage', 'notifier'] as const
export type Service = (typeof SERVICES)[number]

/** Settings that have values of their own in the chart, or that a pod cannot choose. The rest are set by `<service>.settings`. */
export const MANAGED: ReadonlySet<string> = new Set([
  'NATS_URL',
  'NATS_NAMESPACE',
  'NATS_REPLICAS',
  'OPERATOR_HOST',
  'OPERATOR_PORT',
  'HOST',
  'PORT',
  'TCP_PORT',
  'WEB_DIR',
  'JWT_PRIVATE_KEY',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_HEADERS',
  'API_KEYS',
  'MONGO_URL',
  'MONGO_DATABASE',
  'APNS_KEY',
  'FCM_SERVICE_ACCOUNT',
  'VAPID_PRIVATE_KEY',
])

/** The table of a service, from the file that the service itself reads. */
export async function settingsOf(root: string, service: Service): Promise<Table> {
  const { settings } = (await import(pathToFileURL(`${root}services/${service}/src/config.ts`).href)) as {
    settings: Table
  }
  return settings
}

/** JSON schema of the settings that the chart leaves to whoever installs it. A name that is not in the table is refused. */
export function settingsSchema(table: Table): Plain {
  const free = Object.entries(table).filter(([name]) => !MANAGED.has(name))
  return {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(free.map(([name, setting]) => [name, schemaOf(setting)])),
  }
}

function schemaOf(setting: Setting): Plain {
  const description = setting.doc
  switch (setting.type) {
    case 'integer':
      return {
        type: 'integer',
        ...(setting.min !== undefined && { minimum: setting.min }),
        ...(setting.max !== undefined && { maximum: setting.max }),
        description,
      }
    case 'boolean':
      return { type: 'boolean', description }
    case 'list':
      return { type: 'array', items: { type: 'string' }, description }
    case 'url':
    case 'pem':
    case 'string':
      return { type: 'string', description }
  }
}
