import { run } from '@switchboard/runtime/run'
import { startRouter } from './app.ts'
import { settings } from './config.ts'

await run('router', settings, startRouter)
