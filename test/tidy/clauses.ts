/** Where a clause of docs/protocol.md is proved: a test file, and how the title of the test begins. */
export interface Proof {
  readonly file: string
  readonly title: string
}

const at =
  (file: string) =>
  (title: string): Proof => ({ file, title })
const connect = at('services/edge/test/connect.test.ts')
const recovery = at('services/edge/test/recovery.test.ts')
const membership = at('services/edge/test/membership.test.ts')
const trouble = at('services/edge/test/trouble.test.ts')
const badInput = at('services/edge/test/bad-input.test.ts')
const clients = at('services/edge/test/clients.test.ts')
const api = at('services/edge/test/api.test.ts')
const router = at('services/router/test/router.test.ts')
const sdk = at('libs/client/test/client.test.ts')
const tables = at('libs/contracts/src/tables.test.ts')
const chat = at('test/flow/chat.test.ts')
const desk = at('libs/domain/src/desk.test.ts')
const bots = at('libs/domain/src/desk-bot.test.ts')
const hooks = at('services/notifier/test/webhooks.test.ts')
const hooksFlow = at('test/flow/webhooks.test.ts')
const promises = at('libs/domain/src/desk-promises.test.ts')
const signature = at('services/edge/src/visitor-signature.test.ts')
const conversationRoom = at('libs/domain/src/conversation-room.test.ts')
const deskFlow = at('test/flow/desk.test.ts')
const waysIn = at('test/flow/ways-in.test.ts')

/** One or more for each clause. */
export const PROOFS: Readonly<Record<number, readonly Proof[]>> = {
  1: [waysIn('JSON lines by hand')],
  2: [at('services/edge/src/codec.test.ts')('commands of the npm client, in Protobuf'), waysIn('JSON lines by hand')],
  3: [clients('length-prefixed frames over TCP')],
  4: [
    connect('another command before connect'),
    connect('no connect command in time'),
    connect('commands right behind connect'),
  ],
  5: [connect('four connects that fail')],
  6: [connect('a valid token, then the reply names'), membership('more rooms than the server subscribes')],
  7: [connect('pings that are not answered')],
  8: [connect('a token that ends, then a refresh'), clients('a token that expires at the npm client')],
  9: [chat('1,000 messages each way at once')],
  10: [router('a read mark, then unread is a subtraction')],
  11: [at('libs/domain/src/decide-room.test.ts')('the last owner, when leaving or removed')],
  12: [at('services/edge/src/feed.test.ts')('any losses and repetitions')],
  13: [at('libs/client/src/timeline.test.ts')('an event of a type that this version does not know')],
  14: [recovery('away while another stayed'), clients('the npm client in {}, then it creates')],
  15: [chat('bob leaves for 200 messages'), recovery('too many missed, another epoch')],
  16: [recovery('too many missed, another epoch'), recovery('more bytes missed than one reply carries')],
  17: [recovery('too many missed, another epoch'), sdk('another epoch, when connected again')],
  18: [sdk('a position that cannot be recovered'), chat('1,000 messages each way at once')],
  19: [trouble('another epoch, then the server’s subscriptions')],
  20: [badInput('an unknown method'), badInput('wrong types and operators in parameters')],
  21: [router('one of two routers stops in the middle')],
  22: [chat('the same cid twice, then the same answer'), router('the same cid again')],
  23: [sdk('an answer that is lost, when the connection returns')],
  24: [at('services/router/src/cid-memory.test.ts')('CidMemory, incomplete, then a plain cid is unknown')],
  25: [chat('the same cid twice, then the same answer over any way in')],
  26: [router('a read mark, then unread is a subtraction')],
  27: [at('libs/domain/src/ids-and-intents.test.ts')('the room of two people')],
  28: [
    membership('somebody added to an old room'),
    membership('somebody removed'),
    membership('a room that one creates'),
  ],
  29: [membership('a client that subscribes to a room itself'), membership('a public room')],
  30: [badInput('channels that do not exist or are of others')],
  31: [trouble('signals, then they come without offset')],
  32: [router('an edge says who is there and dies')],
  33: [tables('a refusal, in the protocol')],
  34: [waysIn('bad input of every kind'), badInput('what is not of the protocol')],
  35: [trouble('a router that does not answer, then timeout')],
  36: [badInput('texts that are empty'), waysIn('bad input of every kind')],
  37: [tables('close codes, by their range')],
  38: [trouble('an edge that stops'), clients('an edge that goes away')],
  39: [api('a server with a key')],
  40: [api('bad input of every kind')],
  41: [chat('1,000 messages each way at once'), api('rooms, events and messages with a token')],
  42: [tables('limits, held against each other')],
  43: [badInput('a frame above its limit'), waysIn('a frame above its limit')],
  44: [trouble('a client that does not read')],
  45: [desk('a visitor who enters twice'), deskFlow('two agents and a visitor')],
  46: [desk('two agents, of whom one is slower'), deskFlow('two agents who look at the same')],
  47: [desk('an offer that is not answered'), deskFlow('two agents and a visitor')],
  48: [conversationRoom('an agent who is not responsible any more'), deskFlow('two agents who look at the same')],
  49: [conversationRoom('the room of the notes'), deskFlow('two agents and a visitor')],
  50: [deskFlow('two agents and a visitor')],
  51: [conversationRoom('a visitor who writes where it is closed'), deskFlow('two agents and a visitor')],
  52: [deskFlow('a supervisor looks on unseen')],
  53: [deskFlow('a supervisor looks on unseen'), promises('a supervisor takes over')],
  54: [promises('nobody is responsible in time'), promises('a visitor who says nothing')],
  55: [promises('an agent takes it and answers in time')],
  56: [
    signature('a visitor whom the customer’s own server has signed'),
    deskFlow('a visitor whom their own server names'),
  ],
  58: [at('libs/domain/src/desk-report.test.ts')('conversations, reported by desk'), deskFlow('a supervisor looks on')],
  59: [at('services/edge/src/transcript.test.ts')('events of a room'), deskFlow('a supervisor looks on')],
  60: [bots('a visitor enters, then the bot has them'), deskFlow('a bot answers first and hands over')],
  62: [
    at('services/notifier/src/plan-hooks.test.ts')('a message is told at once'),
    hooksFlow('a visitor comes at night'),
  ],
  63: [
    at('services/notifier/src/webhook-signature.test.ts')('the example of the specification'),
    hooks('a conversation begins'),
  ],
  64: [hooks('an endpoint that fails'), at('services/notifier/src/deliver-hooks.test.ts')('a webhook that is unwell')],
  65: [
    at('libs/domain/src/webhook-url.test.ts')('an address of a webhook'),
    hooks('an endpoint in the private network'),
  ],
  61: [hooksFlow('a visitor comes at night'), bots('a visitor comes when it is closed')],
  57: [deskFlow('replies that a desk keeps ready')],
}
