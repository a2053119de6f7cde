import { run } from '@switchboard/runtime/run'
import { startEdge } from './app.ts'
import { settings } from './config.ts'

await run('edge', settings, startEdge)
