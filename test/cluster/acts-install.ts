import { askApi, logIn } from '../fault/bots/accounts.ts'
import { Release, SERVICES, type Values } from './release.ts'
import { type Scene, secondsSince } from './scene.ts'

/** Two commands, from nothing to a chat that works. */
export async function install(release: Release, say: (line: string) => void): Promise<void> {
  let began = performance.now()
  await release.install()
  const pods = (await Promise.all(SERVICES.map((service) => release.ready(service)))).flat()
  say(`helm install: ${secondsSince(began)} until ${pods.length} pods of ours are ready`)
  began = performance.now()
  const printed = await release.test()
  // It deletes the pod of a test that has passed, and with it what the pod said.
  if (!/Phase: +Succeeded/.test(printed)) throw new Error(`helm test passed and said: ${printed}`)
  say(`helm test: ${secondsSince(began)}: logged in, sent, received, read back, refused`)
}

/** As somebody with a browser comes in: the page, an account, a token, through the Ingress. */
export async function comeIn(release: Release, say: (line: string) => void): Promise<void> {
  const page = await fetch(`${release.url}/`, { signal: AbortSignal.timeout(10_000) })
  const html = await page.text()
  if (page.status !== 200 || !html.includes('<div id="app"'))
    throw new Error(`the page: ${page.status} ${html.slice(0, 200)}`)
  const token = await logIn(release.url, 'guest')
  const { status, body } = await askApi(release.url, { path: '/v1/rooms', token })
  if (status !== 200) throw new Error(`the rooms of a guest: ${status} ${JSON.stringify(body)}`)
  const stranger = await askApi(release.url, { path: '/v1/rooms', token: 'not.a.token' })
  if (stranger.status !== 401) throw new Error(`a bad token was answered with ${stranger.status}`)
  say(`through the Ingress at ${release.url}: the page, an account, a log-in; a bad token gets 401`)
}

/** Small: only that it runs beside the other one is of interest. */
const SMALL: Values = Object.fromEntries(
  SERVICES.flatMap((service) => [
    [`${service}.autoscaling.enabled`, false],
    [`${service}.replicas`, 1],
    [`${service}.resources.requests.cpu`, '20m'],
  ]),
)

/** A second installation in another namespace, on the NATS and MongoDB of the first, which it knows by their addresses. */
export async function second({ place, release, say, wrong }: Scene): Promise<void> {
  const inside = (part: string) => `${release.fullName}-${part}.${release.namespace}.svc`
  const other = new Release(place, {
    name: 'switchboard',
    namespace: `${release.namespace}-2`,
    values: {
      ...SMALL,
      'nats.url': `nats://${inside('nats')}:4222`,
      'nats.namespace': 'second',
      'nats.replicas': 1,
      'mongodb.url': `mongodb://${inside('mongodb')}:27017/?directConnection=true`,
      'mongodb.database': 'second',
      'storage.settings.SCRYPT_COST_LOG2': 10,
    },
  })
  try {
    await install(other, (line) => say(`second: ${line}`))
    await comeIn(other, (line) => say(`second: ${line}`))
    await apart(release, other)
    say('second: who has an account at one is unknown at the other')
    await other.uninstall()
    const left = await leftBy({ place, release: other })
    say(`second: helm uninstall leaves ${left.join(', ') || 'nothing'}`)
    const named = `secret/${other.fullName}-signing-key`
    if (left.join() !== named) wrong(`the second installation leaves ${left.join(', ')}, and its notes name ${named}`)
  } finally {
    await place.kube.kubectl(['delete', 'namespace', other.namespace, '--wait=false', '--ignore-not-found'])
  }
}

async function apart(one: Release, other: Release): Promise<void> {
  const user = 'only-here'
  await logIn(one.url, user)
  const body = { user, password: 'switchboard' }
  const { status } = await askApi(other.url, { method: 'POST', path: '/v1/login', body })
  if (status !== 401) throw new Error(`an account of the first installation was answered with ${status} by the second`)
}

const LISTED = 'all,configmap,secret,serviceaccount,role,rolebinding,ingress,networkpolicy,pdb,hpa,pvc'

/** What of a release is still in its namespace, by the label that everything of it has. */
export async function leftBy({ place, release }: Pick<Scene, 'place' | 'release'>): Promise<readonly string[]> {
  const selector = `app.kubernetes.io/instance=${release.name}`
  const names = await place.kube.kubectl(['get', LISTED, '-n', release.namespace, '-l', selector, '--output=name'])
  return names.split('\n').filter((name) => name !== '' && !name.startsWith('pod/'))
}
