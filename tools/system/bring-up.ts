import { join } from 'node:path'
import type { Child } from '@switchboard/testkit/child'
import { claimDataDir } from './claim.ts'
import { apiKeyOf, signingKeyOf } from './key.ts'
import { openLogFile } from './log-file.ts'
import { startPushProviders } from './push-sink.ts'
import { type ServerName, startServer } from './servers.ts'
import type { StartSettings } from './settings.ts'
import { SERVICES, type System, startSystem } from './system.ts'
import { seedTrial } from './trial.ts'
import { buildWebPage } from './web-page.ts'

/** A day of trying things should not be interrupted by a log-in; the default of an edge is an hour. */
const TRIAL_TOKEN_SECONDS = 86_400

interface Stage {
  readonly print: (line: string) => void
  /** Everything that runs is put here, in order. */
  readonly started: AsyncDisposableStack
  readonly signal: AbortSignal
}

export interface RunningSystem {
  readonly url: string
  /** Resolves when something that should run has ended by itself. */
  readonly died: Promise<Error>
}

/** Servers, page, services, accounts and a desk: all that `npm start` starts. */
export async function bringUp(settings: StartSettings, stage: Stage): Promise<RunningSystem> {
  const { print, started, signal } = stage
  const logDir = join(settings.DATA_DIR, 'logs')
  const died = Promise.withResolvers<Error>()
  const watch = (child: Pick<Child, 'name' | 'exited' | 'tail'>) => {
    void child.exited.then(({ code, signal: by }) => {
      died.resolve(new Error(`${child.name} ended by itself (${by ?? `code ${code}`}); its log is in ${logDir}`))
    })
  }
  started.use(await claimDataDir(settings.DATA_DIR))
  const urls: Record<ServerName, string> = { nats: settings.NATS_URL, mongo: settings.MONGO_URL }
  for (const name of ['nats', 'mongo'] as const) {
    const log = started.use(openLogFile(logDir, name))
    const { DATA_DIR: dataDir } = settings
    const server = await startServer(name, { url: urls[name], dataDir, report: print, onLine: log.write })
    if (server.child) {
      const { exited, tail } = started.use(server.child)
      watch({ name: name === 'nats' ? 'NATS' : 'MongoDB', exited, tail })
    }
    print(server.choice)
    urls[name] = server.url
    signal.throwIfAborted()
  }
  const push = started.use(await startPushProviders(process.env, print))
  print(push.choice)
  await buildWebPage(print)
  signal.throwIfAborted()
  print(`starting ${SERVICES.join(', ')}…`)
  const apiKey = apiKeyOf(settings.DATA_DIR)
  const starting = startSystem({
    natsUrl: urls.nats,
    mongoUrl: urls.mongo,
    namespace: settings.NATS_NAMESPACE,
    database: settings.MONGO_DATABASE,
    jwtPrivateKey: signingKeyOf(settings.DATA_DIR),
    logDir,
    host: settings.HOST,
    port: settings.PORT,
    env: { LOG_LEVEL: settings.LOG_LEVEL, WEBHOOK_HOSTS: settings.WEBHOOK_HOSTS.join(',') },
    serviceEnv: {
      notifier: push.env,
      edge: {
        API_KEYS: [apiKey, process.env.API_KEYS].filter(Boolean).join(','),
        TOKEN_SECONDS: String(TRIAL_TOKEN_SECONDS),
        EDGE_WORKERS: String(settings.EDGE_WORKERS),
      },
    },
    report: print,
    signal,
  })
  // Registered before it is ready, so that Ctrl-C in the meantime stops what runs already, in order.
  started.defer(() => starting.then((system: System) => system[Symbol.asyncDispose]()).catch(() => {}))
  const system = await starting
  for (const { label: name, exited, tail } of system.processes) watch({ name, exited, tail })
  await seedTrial(system.url, apiKey)
  signal.throwIfAborted()
  return { url: system.url, died: died.promise }
}
