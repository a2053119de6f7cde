/**
 * `node guard.ts <command> <args>`: runs a program that knows nothing of us (mongod, nats-server, docker) so that it ends when we
 * do: signals are passed on, and the end of standard input, which is the death of our parent, counts as SIGTERM.
 */
import { spawn } from 'node:child_process'

const STOP_MS_MAX = 20_000

const [command = '', ...args] = process.argv.slice(2)
const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })

// Docker's command line is only a window on the container: a signal to it closes the window before the container has ended.
const stopDocker = () => spawn('docker', ['stop', '--time', '15', args.at(-1) ?? ''], { stdio: 'ignore' })

const stop = () => {
  if (command === 'docker') stopDocker()
  else child.kill('SIGTERM')
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
child.on('close', (code, signal) => process.exit(code ?? (signal === 'SIGTERM' ? 0 : 1)))
