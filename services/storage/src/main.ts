import { run } from '@switchboard/runtime/run'
import { startStorage } from './app.ts'
import { settings } from './config.ts'

await run('storage', settings, startStorage)
