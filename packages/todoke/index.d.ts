/** Take on a form that posts to a todoke door; gives what lets go of it. A second call for the same form changes nothing. */
export function enhance(form: HTMLFormElement): () => void;

/** A question about what is stored all the same. */
export interface Hint {
  field: string;
  code: string;
  message: string;
  suggestion?: string;
}

/** What is wrong with a field; `field` is "" where it is about the whole form. */
export interface FieldError {
  field: string;
  code: string;
  message: string;
}

/** The door's answer when it has stored a submission. */
export interface Stored {
  status: 200;
  ok: true;
  id: string;
  /** The receipt, which only this visitor should see. Missing where the answer had to be made in haste. */
  status_url?: string;
  /** The form's redirect, or else the receipt. */
  next: string;
  message: string;
  messages?: { role: "confirmation" | "notification"; status: string }[];
  hints?: Hint[];
}

/** The door's answer when it has not; of no answer, or of one that is not the door's, the status alone is known (0: none). */
export interface Refused {
  status: number;
  ok?: false;
  error?: string;
  code?: string;
  errors?: FieldError[];
}

export type StoredEvent = CustomEvent<Stored>;
export type RefusedEvent = CustomEvent<Refused>;

declare global {
  interface HTMLElementEventMap {
    "todoke:stored": StoredEvent;
    "todoke:refused": RefusedEvent;
  }
  interface DocumentEventMap {
    "todoke:stored": StoredEvent;
    "todoke:refused": RefusedEvent;
  }
  var todoke: { enhance: typeof enhance };
}
