// The only file that runs on the Node that happens to be installed: `node tools/boot.mjs start|test|check …`. It installs what
// the lockfile says (pnpm and Node 24 come from the npm registry) and then runs `tools/<command>.ts` under Node 24.
// It uses nothing but what Node 14 has, so that an old Node gets a sentence and not a syntax error.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const OLDEST_NODE = 20
const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const NODE = join(ROOT, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node')
const STAMP = join(ROOT, 'node_modules/.switchboard-installed')

main(process.argv.slice(2))

async function main([command, ...args]) {
  const version = process.versions.node
  if (Number(version.split('.')[0]) < OLDEST_NODE) {
    fail(
      `Switchboard needs Node.js ${OLDEST_NODE} or newer, and this is ${version}: install one from https://nodejs.org`,
    )
  }
  const script = join(ROOT, 'tools', `${command}.ts`)
  if (!/^[a-z]+$/.test(command || '') || !existsSync(script)) {
    fail(`there is no command ${JSON.stringify(command || '')}: try npm start, npm test or npm run check`)
  }
  const wanted = installedVersion()
  if (!existsSync(NODE) || !existsSync(STAMP) || readFileSync(STAMP, 'utf8') !== wanted) {
    await install()
    writeFileSync(STAMP, wanted)
  }
  const child = spawn(NODE, ['--disable-warning=ExperimentalWarning', script, ...args], {
    cwd: ROOT,
    // The channel is the script's proof that somebody still waits for it: see `parent.ts`.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  watchNpm(child)
  const { code, signal } = await ended(child)
  process.exitCode = code === null ? 128 + (signal === 'SIGINT' ? 2 : 15) : code
}

// What the lockfile and the list of packages say together: a change in either asks for an installation.
function installedVersion() {
  const hash = createHash('sha256')
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(readFileSync(join(ROOT, file)))
  return hash.digest('hex')
}

async function install() {
  const { packageManager } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  console.log(`installing Node 24 and the packages with ${packageManager} (the first time takes a minute)…`)
  const args = ['--yes', '--loglevel=error', packageManager, 'install', '--frozen-lockfile', '--loglevel=info']
  const npx = spawn(process.platform === 'win32' ? 'npx.cmd' : 'npx', args, {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, npm_config_update_notifier: 'false' },
  })
  const { code } = await ended(npx)
  if (code !== 0) fail('the packages could not be installed: see above. Is the npm registry reachable?')
}

// Ctrl-C reaches the child by itself, from the terminal; a signal sent to this process alone is passed on.
function ended(child) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  return new Promise((resolve) => {
    child.once('error', (error) => fail(`cannot run ${child.spawnfile}: ${error.message}`))
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
}

// npm passes a signal on to its shell, and the shell dies of it without telling us; a killed npm tells nobody at all. So the
// processes between npm and us are watched: when one of them is gone, nobody waits for us any more.
function watchNpm(child) {
  if (!process.env.npm_lifecycle_event) return
  const chain = ancestorsUpToNpm()
  const isGone = (pid) => {
    try {
      process.kill(pid, 0)
      return false
    } catch (error) {
      return error.code === 'ESRCH'
    }
  }
  const watch = setInterval(() => {
    if (!chain.some(isGone)) return
    clearInterval(watch)
    child.kill('SIGTERM')
  }, 500)
  watch.unref()
}

function ancestorsUpToNpm() {
  const chain = []
  for (let pid = process.ppid; pid > 1 && chain.length < 8; ) {
    chain.push(pid)
    const ps = spawnSync('ps', ['-o', 'ppid=,command=', '-p', String(pid)], { encoding: 'utf8' })
    const [, parent, command] = /^\s*(\d+)\s+(.*)/.exec(ps.stdout || '') || []
    if (!parent || /\bnpm\b/.test(command)) return chain
    pid = Number(parent)
  }
  return [process.ppid]
}

function fail(sentence) {
  console.error(`switchboard: ${sentence}`)
  process.exit(1)
}
