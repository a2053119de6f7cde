/**
 * `node guard.ts <command> <args>`: runs a program that knows nothing of us (mongod, nats-server, docker) so that it ends when we
 * do: signals are passed on, and the end of standard input, which is the death of our parent, counts as SIGTERM.
 */
import { spawn } from 'node:child_process'

const STOP_MS_MAX = 20_000

const [command = '', ...args] = process.argv.slice(2)
const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })

const stop = () => {
  child.kill('SIGTERM')
  setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX).unref()
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
process.stdin.on('end', stop)
process.stdin.resume()

child.on('error', (error) => {
  console.error(`cannot run ${command}: ${error.message}`)
  process.exit(1)
})
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGTERM' ? 0 : 1)))
