/** Where the edge of a page takes connections. */
export const socketAddress = (url: string): string => {
  const address = new URL('/connection/websocket', url)
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
  return address.href
}
