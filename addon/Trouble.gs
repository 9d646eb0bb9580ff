/**
 * What the reader sees when the backend cannot say it itself: what happened, what was kept, what to do. In the reader's
 * language, like every other card.
 */

/** @type {Record<string, {retry: string, open: string, troubles: Record<string, {title: string, text: string}>}>} */
const WORDS = {
  en: {
    retry: 'Try again',
    open: 'Open Enlace',
    troubles: {
      NOT_CONNECTED: {
        title: 'Not connected',
        text:
          'Enlace does not know you yet, or your mailbox is not connected. Nothing was read. ' +
          'Open Enlace and connect it once; it takes a minute.',
      },
      NO_PERMISSION: {
        title: 'No permission',
        text: 'You may not see or do this. Nothing was changed. Ask your admin for the right role.',
      },
      NOT_FOUND: {
        title: 'Not there any more',
        text:
          'Enlace has no such thing, or this add-on is set to a wrong address. Nothing was changed. ' +
          'Try again; if it stays, tell your admin.',
      },
      BUSY: {
        title: 'One moment',
        text: 'Too many questions at once. Nothing was lost. Try again in a minute.',
      },
      OFFLINE: {
        title: 'Enlace cannot be reached',
        text:
          'Your mail is safe in Gmail and is read later. Try again in a minute; ' +
          'if it stays, tell your admin.',
      },
      TIMED_OUT: {
        title: 'This took too long',
        text:
          'Enlace did not answer in time. ' +
          'If you were saving something, look whether it is there before you save it again.',
      },
      FAILED: {
        title: 'Something went wrong',
        text:
          'Enlace made a mistake. ' +
          'If you were saving something, look whether it is there before you save it again. ' +
          'Your admin finds the reason in the log.',
      },
      BAD_REPLY: {
        title: 'An answer that makes no sense',
        text:
          'Something else than Enlace answered, or it is newer than this add-on. ' +
          'Nothing was changed here. Try again; if it stays, tell your admin.',
      },
    },
  },
  es: {
    retry: 'Intentar de nuevo',
    open: 'Abrir Enlace',
    troubles: {
      NOT_CONNECTED: {
        title: 'Sin conexión con Enlace',
        text:
          'Enlace aún no te conoce o tu buzón no está conectado. No se ha leído nada. ' +
          'Abre Enlace y conéctalo una vez; es un minuto.',
      },
      NO_PERMISSION: {
        title: 'Sin permiso',
        text: 'No puedes ver o hacer esto. No se ha cambiado nada. Pide a tu administrador el rol adecuado.',
      },
      NOT_FOUND: {
        title: 'Ya no está',
        text:
          'Enlace no tiene nada así, o este complemento apunta a otra dirección. ' +
          'No se ha cambiado nada. Inténtalo de nuevo; si sigue igual, avisa a tu administrador.',
      },
      BUSY: {
        title: 'Un momento',
        text: 'Demasiadas consultas a la vez. No se ha perdido nada. Inténtalo de nuevo en un minuto.',
      },
      OFFLINE: {
        title: 'No se puede llegar a Enlace',
        text:
          'Tu correo está a salvo en Gmail y se leerá más tarde. Inténtalo de nuevo en un minuto; ' +
          'si sigue igual, avisa a tu administrador.',
      },
      TIMED_OUT: {
        title: 'Ha tardado demasiado',
        text:
          'Enlace no ha respondido a tiempo. ' +
          'Si estabas guardando algo, mira si ya está antes de guardarlo otra vez.',
      },
      FAILED: {
        title: 'Algo ha fallado',
        text:
          'Enlace ha cometido un error. ' +
          'Si estabas guardando algo, mira si ya está antes de guardarlo otra vez. ' +
          'Tu administrador verá la causa en el registro.',
      },
      BAD_REPLY: {
        title: 'Una respuesta sin sentido',
        text:
          'Ha respondido algo que no es Enlace, o una versión más nueva que este complemento. ' +
          'Aquí no se ha cambiado nada. Inténtalo de nuevo; si sigue igual, avisa a tu administrador.',
      },
    },
  },
};

/**
 * @param {string} trouble a key of `troubles`
 * @param {string} locale
 * @return {CardView}
 */
function troubleCard_(trouble, locale) {
  const words = WORDS[locale.slice(0, 2).toLowerCase()] || WORDS.en;
  const { title, text } = words.troubles[trouble];
  const buttons = [
    button_(words.retry, 'filled', { type: 'action', name: 'refresh' }),
    button_(words.open, 'outlined', { type: 'link', url: BACKEND_URL }),
  ];
  /** @type {WidgetView[]} */
  const widgets = [
    { type: 'paragraph', text },
    { type: 'buttons', buttons },
  ];
  return { name: 'trouble', header: { title }, sections: [{ widgets }] };
}

/**
 * @param {string} text
 * @param {ButtonView['style']} style
 * @param {Click} onClick
 * @return {ButtonView}
 */
function button_(text, style, onClick) {
  return { text, style, onClick };
}
