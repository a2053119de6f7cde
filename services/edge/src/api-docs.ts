/** The OpenAPI document: what Fastify does not know from the routes' own schemas. */
export const OPENAPI = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Switchboard',
      version: '1',
      description: 'Errors are `{error: {code, message, field?, retry?, after_ms?}}`. Live events come by WebSocket.',
    },
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        key: { type: 'apiKey', in: 'header', name: 'x-api-key' },
      },
    },
  },
} as const

/** Its page. */
export const DOCS_PAGE = { routePrefix: '/docs', staticCSP: true, transformSpecificationClone: true } as const
