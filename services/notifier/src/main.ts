import { run } from '@switchboard/runtime/run'
import { startNotifier } from './app.ts'
import { settings } from './config.ts'

await run('notifier', settings, startNotifier)
