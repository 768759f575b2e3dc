// Tickets of a help desk: one connector, written in three languages for comparison. This one is in JavaScript.

import { Invalid, defineConnector, http, inOneStage, logging, pagedBy, profile } from '@lockgate/sdk';

import { manifest } from './manifest.js';

const url = (path) => `${profile.config().base_url ?? 'https://api.desk.example'}${path}`;

/** A ticket as flows see it. */
const ticket = ({ id, subject, status, updated_at }) => ({ id, subject, status, updated_at });

const record = (it) => ({ key: `${it.id}@${it.updated_at}`, body: ticket(it) });

export const connector = defineConnector({
  manifest,

  check() {
    http.get(url('/v1/me')).send().errorForStatus();
  },

  actions: {
    get_ticket: inOneStage({
      request: ({ body }) => http.get(url(`/v1/tickets/${http.segment(body.id)}`)),
      result: (response) => ticket(response.errorForStatus().json()),
    }),

    // The input's key is the same on every attempt: the desk recognises it, and makes one ticket.
    create_ticket: inOneStage({
      request: ({ key, body }) => {
        if (body.subject.trim() === '') throw new Invalid('a ticket needs a subject');
        const idempotencyKey = { header: 'Idempotency-Key', key };
        return http.post(url('/v1/tickets'), { json: { subject: body.subject }, idempotencyKey });
      },
      result: (response) => ticket(response.errorForStatus().json()),
    }),
  },

  polls: {
    // The desk lists tickets by the time of their last change, and says after which one the next page begins.
    tickets: pagedBy({
      request: (after) => http.get(url('/v1/tickets'), { query: { limit: 2, after } }),
      records: ({ tickets }) => tickets.map(record),
      next: ({ last }) => last,
      more: ({ has_more }) => has_more,
    }),
  },

  receives: {
    ticket_events(event) {
      const { type, ticket: changed } = event.json();
      if (!type.startsWith('ticket.')) {
        logging.debug('an event that is of no interest', { type });
        return [];
      }
      return [record(changed)];
    },
  },
});
