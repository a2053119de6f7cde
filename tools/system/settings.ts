import { existsSync, mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { readSettings, type Settings, SettingsError, table } from '@switchboard/runtime/settings'
import { canListen } from '@switchboard/testkit/ports'
import { SetupError } from './setup-error.ts'

/** The settings of `npm start`. What begins with APNS_, FCM_, VAPID_ or PUSH_ goes to the notifier as it is. */
export const START_SETTINGS = table({
  PORT: {
    type: 'integer',
    default: 8080,
    min: 0,
    max: 65_535,
    doc: 'Port of the chat page and the API; 0 takes a free one.',
  },
  HOST: { type: 'string', default: '127.0.0.1', doc: 'Address to listen on; 0.0.0.0 for all.' },
  DATA_DIR: { type: 'string', default: '.data', doc: 'Where the servers keep their data, the key and the logs.' },
  NATS_URL: { type: 'url', default: '', doc: 'A NATS with JetStream to use; without it one is started.' },
  MONGO_URL: { type: 'url', default: '', doc: 'A MongoDB to use; without it one is started.' },
  NATS_NAMESPACE: { type: 'string', default: 'sb', doc: 'First token of every subject and stream.' },
  MONGO_DATABASE: { type: 'string', default: 'switchboard', doc: 'Name of the database.' },
  EDGE_WORKERS: { type: 'integer', default: 1, min: 1, max: 64, doc: 'Processes of the edge, which share its port.' },
  WEBHOOK_HOSTS: {
    type: 'list',
    default: [],
    doc: 'Where webhooks may go besides https in public, host:port.',
  },
  LOG_LEVEL: { type: 'string', default: 'info', doc: 'trace, debug, info, warn, error or fatal, for the log files.' },
})

export type StartSettings = Settings<typeof START_SETTINGS>

/** @throws SetupError about the first setting that cannot be used, before anything is started. */
export async function readStartSettings(env: NodeJS.ProcessEnv): Promise<StartSettings> {
  const settings = parse(env)
  const dataDir = resolve(settings.DATA_DIR)
  expectProtocol('NATS_URL', settings.NATS_URL, ['nats:', 'tls:'])
  expectProtocol('MONGO_URL', settings.MONGO_URL, ['mongodb:', 'mongodb+srv:'])
  try {
    makeDirectory(dataDir)
  } catch (error) {
    throw new SetupError(`DATA_DIR ${dataDir} cannot be created: ${(error as Error).message}`)
  }
  await expectFree(settings)
  return { ...settings, DATA_DIR: dataDir }
}

function parse(env: NodeJS.ProcessEnv): StartSettings {
  try {
    return readSettings(START_SETTINGS, env)
  } catch (error) {
    if (error instanceof SettingsError) throw new SetupError(error.problems.join('; '))
    throw error
  }
}

// Node's own recursive mkdir never returns for a path below /proc.
function makeDirectory(path: string): void {
  if (existsSync(path)) return
  makeDirectory(dirname(path))
  mkdirSync(path)
}

function expectProtocol(name: string, url: string, protocols: readonly string[]): void {
  if (url === '' || protocols.some((protocol) => url.startsWith(`${protocol}//`))) return
  throw new SetupError(`${name} must begin with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`)
}

async function expectFree({ PORT, HOST }: StartSettings): Promise<void> {
  if (PORT === 0) return
  const answer = await canListen(PORT, HOST)
  if (answer === true) return
  if (answer === 'EADDRINUSE') {
    throw new SetupError(
      `port ${PORT} on ${HOST} is in use: stop the program that has it, or choose another with PORT=${PORT + 1}`,
    )
  }
  if (answer === 'EACCES')
    throw new SetupError(`port ${PORT} on ${HOST} is not allowed for this user: choose one above 1023`)
  throw new SetupError(`HOST ${HOST} with port ${PORT} cannot be listened on (${answer})`)
}
