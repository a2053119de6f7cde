import { pathToFileURL } from 'node:url'
import type { Schema } from './docs-schema.ts'

/** One route of the HTTP API, as the edge declares it to its framework. */
export interface Route {
  readonly method: string
  readonly url: string
  readonly summary: string
  readonly params?: Schema
  readonly query?: Schema
  readonly body?: Schema
  readonly response?: Schema
  /** `token`, `key`, both, or nobody asks. */
  readonly security: readonly string[]
}

interface Declared {
  readonly schema?: {
    readonly summary?: string
    readonly params?: object
    readonly querystring?: object
    readonly body?: object
    readonly response?: Readonly<Record<string, object>>
    readonly security?: readonly object[]
    readonly hide?: boolean
  }
}

const plain = (schema: object | undefined): Schema | undefined =>
  schema === undefined ? undefined : (JSON.parse(JSON.stringify(schema)) as Schema)

const FILES = ['accounts', 'rooms', 'devices'] as const

/** The routes, by letting the edge declare them to a framework that only writes them down. */
export async function routesOf(root: string): Promise<Route[]> {
  const routes: Route[] = []
  const declare = (method: string) => (url: string, declared: Declared) => {
    const { schema = {} } = declared
    const [body, params, query] = [plain(schema.body), plain(schema.params), plain(schema.querystring)]
    const response = plain(Object.values(schema.response ?? {})[0])
    routes.push({
      method,
      url: url.replaceAll(/:(\w+)/g, '{$1}'),
      summary: schema.summary ?? '',
      security: (schema.security ?? []).flatMap((each) => Object.keys(each)),
      ...(body && { body }),
      ...(params && { params }),
      ...(query && { query }),
      ...(response && { response }),
    })
  }
  const app = { get: declare('GET'), post: declare('POST'), put: declare('PUT'), delete: declare('DELETE') }
  for (const name of FILES) {
    const module = (await import(pathToFileURL(`${root}services/edge/src/api-${name}.ts`).href)) as object
    const register = Object.entries(module).find(([key]) => key.endsWith('Routes'))?.[1]
    if (typeof register !== 'function') throw new Error(`services/edge/src/api-${name}.ts declares no routes`)
    register(app, { answer: (handler: unknown) => handler })
  }
  return routes
}
