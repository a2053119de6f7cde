import { MAX } from '@switchboard/contracts/limits'
import { COMMON_SETTINGS, table } from '@switchboard/runtime/settings'

export const settings = table({
  ...COMMON_SETTINGS,
  HOST: { type: 'string', default: '0.0.0.0', doc: 'Address that clients connect to.' },
  PORT: {
    type: 'integer',
    default: 8080,
    min: 0,
    max: 65_535,
    doc: 'Port for HTTP and WebSocket; 0 takes a free one.',
  },
  TCP_PORT: { type: 'integer', default: 0, min: 0, max: 65_535, doc: 'Port for length-prefixed frames; 0 is off.' },
  EDGE_WORKERS: {
    type: 'integer',
    default: 1,
    min: 1,
    max: 64,
    doc: 'Processes that share the ports, for a machine with many cores: one for each core that is to work. Needs Linux or FreeBSD.',
  },
  WEB_DIR: { type: 'string', default: '', doc: 'Folder of the web page; empty serves none.' },
  ORIGINS: {
    type: 'list',
    default: [],
    doc: 'Origins whose pages may connect, exactly as browsers send them. Empty: pages of this host only.',
  },
  WIDGET_SITES: {
    type: 'list',
    default: [],
    doc: 'Origins whose pages may show the widget, https://shop.example.com or https://*.example.com; * is any. Empty: pages of this host only.',
  },
  PROXY_HOPS: {
    type: 'integer',
    default: 0,
    min: 0,
    max: 10,
    doc: 'Proxies before this edge whose X-Forwarded-For counts; 0 trusts none.',
  },
  JWT_PRIVATE_KEY: {
    type: 'pem',
    default: '',
    secret: true,
    doc: 'Ed25519 key (PKCS 8 PEM) that signs tokens, the same at every edge. Empty: no accounts, an outside issuer only.',
  },
  JWT_OLD_PUBLIC_KEYS: {
    type: 'list',
    default: [],
    doc: 'Public keys (PEM) of earlier signing keys: tokens signed by them count until they expire.',
  },
  JWT_ISSUER: { type: 'string', default: 'switchboard', doc: 'Who issues our tokens: their iss.' },
  JWT_AUDIENCE: { type: 'string', default: '', doc: 'Whom tokens are for: their aud. Empty: any.' },
  TOKEN_SECONDS: { type: 'integer', default: 3_600, min: 1, doc: 'How long a token of a log-in counts, in seconds.' },
  JWKS_URL: { type: 'url', default: '', doc: 'Public keys of another issuer whose tokens count as well.' },
  JWKS_ISSUER: { type: 'string', default: '', doc: 'The iss of that issuer.' },
  API_KEYS: { type: 'list', default: [], secret: true, doc: 'Keys with which servers may send in the name of users.' },
  WEBHOOK_HOSTS: {
    type: 'list',
    default: [],
    doc: 'Where webhooks may go besides https in public, host:port: also by http, and also in a private network. The same at edge and notifier.',
  },
  TRACES_PER_THOUSAND: {
    type: 'integer',
    default: 10,
    min: 0,
    max: 1_000,
    doc: 'Of a thousand commands and requests, so many are traced, by dice, where traces go somewhere.',
  },
  TRACES_OF_CLIENTS: {
    type: 'boolean',
    default: false,
    doc: 'Whether the traceparent of a client counts: what it traces is traced here too, as one trace. Whoever can connect can then have everything of theirs traced.',
  },
  PING_SECONDS: { type: 'integer', default: 25, min: 2, max: 300, doc: 'Seconds between two pings of a connection.' },
  DRAIN_SECONDS_MAX: {
    type: 'integer',
    default: MAX.drainSeconds,
    min: 0,
    max: 150,
    doc: 'Seconds over which a stopping edge sends its connections away, when they are many.',
  },
})
