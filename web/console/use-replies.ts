import type { CannedReply, ReplyActions } from '@switchboard/contracts/desk-people'
import type { Conversation } from '@switchboard/contracts/desks'
import { computed, type Ref, ref, shallowRef } from 'vue'
import { type DeskPage, useDesk } from './desk-page.ts'
import { matching, type Step, stepsOf, wantedReply } from './model/replies.ts'

/** The replies that a desk keeps ready, looked for by what stands behind a slash. */
export function useReplies(text: Readonly<Ref<string>>) {
  const { chat, desk } = useDesk()
  const all = shallowRef<readonly CannedReply[]>([])
  const isDismissed = ref(false)
  const index = ref(0)
  let isLooking = false
  const wanted = computed(() => wantedReply(text.value))
  const found = computed(() => (wanted.value === null || isDismissed.value ? [] : matching(all.value, wanted.value)))

  /** After each change of the text. They are read when somebody begins to look: what a supervisor has just written is there. */
  function look(): void {
    index.value = 0
    const began = !isLooking && wanted.value !== null
    isLooking = wanted.value !== null
    if (!isLooking) isDismissed.value = false
    if (!began) return
    chat.board.call('desk.replies', { desk: desk.id }).then(
      ({ replies }) => {
        all.value = replies
      },
      () => undefined,
    )
  }

  /** @returns what the key has chosen, or whether it was for the list. */
  function onKey(key: string): CannedReply | boolean {
    const { length } = found.value
    if (length === 0) return false
    if (key === 'ArrowDown' || key === 'ArrowUp') {
      index.value = (index.value + (key === 'ArrowDown' ? 1 : -1) + length) % length
      return true
    }
    if (key === 'Escape') isDismissed.value = true
    if (key === 'Enter' || key === 'Tab') return found.value[index.value] ?? true
    return key === 'Escape'
  }
  return { found, index, look, onKey }
}

/** Does what a macro does besides, each step with the revision that the one before has answered. */
export async function carryOut({ desk, attempt }: DeskPage, id: string, actions: ReplyActions): Promise<void> {
  const conversation = desk.conversations.get(id)
  if (!conversation) return
  const run = async () => {
    let at: Pick<Conversation, 'conversation' | 'revision'> = conversation
    for (const step of stepsOf(actions, conversation, Date.now())) {
      const { revision } = await act(desk, at, step)
      at = { conversation: id, revision }
    }
  }
  await attempt(run())
}

function act(desk: DeskPage['desk'], at: Pick<Conversation, 'conversation' | 'revision'>, step: Step) {
  switch (step.method) {
    case 'desk.tag':
      return desk.act(step.method, at, step.rest)
    case 'desk.priority':
      return desk.act(step.method, at, step.rest)
    case 'desk.transfer':
      return desk.act(step.method, at, step.rest)
    case 'desk.snooze':
      return desk.act(step.method, at, step.rest)
    case 'desk.close':
      return desk.act(step.method, at)
  }
}
