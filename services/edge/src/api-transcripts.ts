import { isRefusal, type Refusal } from '@switchboard/contracts/errors'
import { TranscriptParams, TranscriptQuery, type TranscriptReply } from '@switchboard/contracts/http'
import { MAX } from '@switchboard/contracts/limits'
import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import type { ApiCaller } from './api-caller.ts'
import type { RouteParts } from './from-api.ts'
import type { Rpc } from './rpc.ts'
import { spokenOf, textOf } from './transcript.ts'

/** Page by page, as far as a transcript goes. Storage says who may read: who is in the conversation, and agents of its desk. */
async function transcriptOf(rpc: Rpc, caller: ApiCaller, conversation: string): Promise<TranscriptReply | Refusal> {
  const whose = caller.isServer ? {} : { user: caller.user, roles: caller.roles }
  const messages: TranscriptReply['messages'] = []
  for (let after_seq = 0; ; ) {
    const limit = MAX.historyEvents
    const page = await rpc.storage('room.history', { room: conversation, ...whose, after_seq, limit })
    if (isRefusal(page)) return page
    messages.push(...spokenOf(page.events))
    after_seq = page.events.at(-1)?.seq ?? page.head
    const isFull = after_seq >= MAX.transcriptEvents
    if (!page.more || isFull) return { conversation, messages, more: page.more }
  }
}

export function transcriptRoutes(app: FastifyInstance, { answer, identify, rpc }: RouteParts): void {
  app.get('/v1/conversations/:conversation/transcript', {
    schema: {
      summary: 'What was said in a conversation, for who takes part in it and for agents of its desk',
      params: TranscriptParams,
      querystring: TranscriptQuery,
      tags: ['desks'],
      security: [{ token: [] }, { key: [] }],
    },
    handler: answer(async (request, reply) => {
      const caller = await identify(request)
      if (isRefusal(caller)) return caller
      const { conversation } = request.params as Static<typeof TranscriptParams>
      const transcript = await transcriptOf(rpc, caller, conversation)
      if (isRefusal(transcript)) return transcript
      const { format = 'json' } = request.query as Static<typeof TranscriptQuery>
      if (format === 'json') return transcript
      reply.type('text/plain; charset=utf-8')
      return textOf(transcript)
    }),
  })
}
