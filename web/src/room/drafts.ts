/** What was written and not sent, by room, while the page lives. */
export const drafts = new Map<string, string>()
