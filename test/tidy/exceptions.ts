import type { Exception } from './check.ts'

const SIZES = 'file sizes'
const PURE = 'pure files import no input or output'

/** Every file that may break a rule, with the reason. One that is not needed any more fails the test. */
export const EXCEPTIONS: readonly Exception[] = [
  {
    check: 'names of files and folders',
    path: 'helm/switchboard/templates/edge/service.yaml',
    reason: 'is called as Kubernetes calls what it makes',
  },
  {
    check: 'direction of imports',
    path: 'tools/fault.ts',
    reason: 'is the way to run the fault suite by hand, and the suite lies with the tests',
  },
  {
    check: 'direction of imports',
    path: 'tools/cluster.ts',
    reason: 'is the way to run the cluster test by hand, and that lies with the tests',
  },
  {
    check: 'direction of imports',
    path: 'tools/test.ts',
    reason: 'asks whether a cluster answers in the words of the test that needs one',
  },
  {
    check: 'direction of imports',
    path: 'tools/cluster/images.ts',
    reason: 'builds what the cluster test says that it needs',
  },
  {
    check: 'function sizes',
    path: 'libs/contracts/src/errors.ts',
    reason: 'row() has one parameter for each column of the table, so that the table reads as one',
  },
  {
    check: 'function sizes',
    path: 'libs/contracts/src/method.ts',
    reason: 'method() has one parameter for each column of the table, so that the table reads as one',
  },
  {
    check: 'tests run, assert and do not sleep',
    path: 'libs/runtime/src/deadline.test.ts',
    reason: 'tests pause() itself, on timers that are moved by hand',
  },
  {
    check: 'nothing happens on import',
    path: 'services/notifier/src/public-address.ts',
    reason: 'fills two constant lists of networks, which Node builds by calls and not by a literal',
  },
  {
    check: PURE,
    path: 'services/storage/src/partition-reader.ts',
    reason: 'the common half of from-log.ts and from-marks.ts, which differ only in what they parse',
  },
  {
    check: PURE,
    path: 'services/notifier/src/exchange.ts',
    reason: 'the common half of the four that send to providers and webhooks: one exchange, with its deadlines',
  },
  {
    check: PURE,
    path: 'services/storage/src/log-tail.ts',
    reason: 'the part of from-queries.ts that reads what the log has beyond MongoDB',
  },
  {
    check: PURE,
    path: 'services/storage/src/user-rooms.ts',
    reason: 'the part of from-queries.ts that reads the heads of all rooms of a person at once',
  },
  {
    check: PURE,
    path: 'services/storage/src/push-rooms.ts',
    reason: 'the part of from-queries.ts that reads the heads of all rooms with new messages at once',
  },
  {
    check: SIZES,
    path: 'services/router/src/lane-model.test.ts',
    reason: 'a model is read whole: the world, what may happen in it, and what must hold',
  },
  {
    check: SIZES,
    path: 'services/router/src/presence-model.test.ts',
    reason: 'a model is read whole: edges that come and go, the network between, and when somebody counts as gone',
  },
  {
    check: SIZES,
    path: 'libs/client/src/room-sync-model.test.ts',
    reason: 'a model is read whole: a server that forgets and a client that must have everything in the end',
  },
  {
    check: SIZES,
    path: 'services/edge/src/feed.test.ts',
    reason: 'all that a feed promises stands on one fake log, which nothing else needs',
  },
  {
    check: SIZES,
    path: 'libs/testkit/src/fault-proxy.test.ts',
    reason: 'each fault that the proxy can do, on one pair of sockets that nothing else needs',
  },
  {
    check: SIZES,
    path: 'test/flow/desk.test.ts',
    reason:
      'each test is the whole way of a conversation, and they share the people and a system that takes long to start',
  },
]
