import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findProgram } from '../system/command.ts'
import { buildProgram, runGo, runSetup } from '../system/go.ts'
import { SetupError } from '../system/setup-error.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const SOURCES = join(ROOT, 'tools/charts')

/** Each is a Go module of its own beside this file: together they would have to agree on their libraries, and they do not. */
const PROGRAMS = ['helm', 'kubeconform', 'helm-unittest', 'manifests'] as const
export type Program = (typeof PROGRAMS)[number]

interface Source {
  readonly module: string
  readonly version: string
  /** Checksum of the module, as go.sum has it. */
  readonly sum: string
  /** Files of it that say what a manifest may hold. */
  readonly files: readonly string[]
}

/** Where the schemas of Kubernetes and of the kinds that others bring are taken from. */
const KUBERNETES = '1.35'
const SCHEMA_SOURCES: readonly Source[] = [
  {
    module: 'k8s.io/kubernetes',
    version: 'v1.35.4',
    sum: 'h1:o/8dBC/pHVpYoGV4OAIytAlNPZbdYVTXJHoYvXC4qzM=',
    files: ['api/openapi-spec/swagger.json'],
  },
  {
    module: 'sigs.k8s.io/gateway-api',
    version: 'v1.6.3',
    sum: 'h1:lKpJa5bGlraC/QeACvCpsHLdmO6y0iKfzVl6gzaFEYc=',
    files: ['config/crd/standard/gateway.networking.k8s.io_httproutes.yaml'],
  },
  {
    module: 'github.com/prometheus-operator/prometheus-operator',
    version: 'v0.85.0',
    sum: 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=',
    files: ['podmonitors', 'prometheusrules'].map(
      (name) => `example/prometheus-operator-crd/monitoring.coreos.com_${name}.yaml`,
    ),
  },
  {
    module: 'github.com/kedacore/keda/v2',
    version: 'v2.21.0',
    sum: 'h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=',
    files: ['config/crd/bases/keda.sh_scaledobjects.yaml'],
  },
]

export interface ChartPrograms {
  path(program: Program): string
  /** Folder of JSON schemas, named as kubeconform looks for them. */
  readonly schemas: string
  readonly kubernetes: string
  readonly promtool: string
}

/** Undefined when everything that the chart's tests need is here or can be built, else what is missing. */
export function missingForCharts(): string | undefined {
  if (findProgram('promtool') === undefined) return 'promtool is not on PATH (Debian has it in its package prometheus)'
  if (!existsSync(folder()) && findProgram('go') === undefined) return 'Go is not installed'
  return undefined
}

/** Builds what is not built yet: two to four minutes the first time. @throws SetupError in a sentence. */
export async function chartPrograms(report: (line: string) => void): Promise<ChartPrograms> {
  const missing = missingForCharts()
  if (missing !== undefined) throw new SetupError(`the chart cannot be tested: ${missing}`)
  const built = folder()
  if (!existsSync(built)) await build(built, report)
  return {
    path: (program) => join(built, program),
    schemas: join(built, 'schemas'),
    kubernetes: KUBERNETES,
    promtool: findProgram('promtool') ?? '',
  }
}

/** Named by what it is built from: another version is another folder. */
function folder(): string {
  const hash = createHash('sha256').update(JSON.stringify(SCHEMA_SOURCES))
  for (const program of PROGRAMS)
    for (const file of readdirSync(join(SOURCES, program)).sort())
      hash.update(file).update(readFileSync(join(SOURCES, program, file)))
  return join(ROOT, '.cache', `charts-${hash.digest('hex').slice(0, 12)}`)
}

async function build(built: string, report: (line: string) => void): Promise<void> {
  const unfinished = `${built}.${process.pid}`
  mkdirSync(unfinished, { recursive: true })
  const since = Date.now()
  try {
    for (const program of PROGRAMS) {
      report(`building ${program} from its Go module…`)
      const what = existsSync(join(SOURCES, program, 'main.go')) ? '.' : 'tool'
      await buildProgram({ source: join(SOURCES, program), out: join(unfinished, program), what })
    }
    report('making the schemas of Kubernetes…')
    await makeSchemas(unfinished)
    renameSync(unfinished, built)
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
  report(`built in ${Math.round((Date.now() - since) / 1_000)} s`)
}

async function makeSchemas(unfinished: string): Promise<void> {
  // A module of its own, so that downloads do not ask about the one that Go finds in a folder above.
  writeFileSync(join(unfinished, 'go.mod'), 'module switchboard/schemas\n\ngo 1.26.0\n')
  const files: string[] = []
  for (const source of SCHEMA_SOURCES) {
    const lines = await runGo(['mod', 'download', '-C', unfinished, '-json', `${source.module}@${source.version}`])
    const { Dir, Sum } = JSON.parse(lines.join('\n')) as { Dir: string; Sum: string }
    if (Sum !== source.sum) throw new SetupError(`${source.module}@${source.version} is not the one that was checked`)
    files.push(...source.files.map((file) => join(Dir, file)))
  }
  await runSetup([join(unfinished, 'manifests'), 'schemas', join(unfinished, 'schemas'), ...files])
}
