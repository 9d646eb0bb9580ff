/** The fake must be stricter than the people who use it: what the real CardService lacks, it refuses. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { newCardService } from './fake/card-service.mjs';
import { toJson } from './fake/card-json.mjs';

const Service = newCardService();

test('a method that does not exist is refused', () => {
  assert.throws(() => Service.newCarrousel(), /newCarrousel does not exist/);
  assert.throws(() => Service.newCardHeader().setHeadline('x'), /setHeadline does not exist/);
});

test('a wrong number of arguments is refused', () => {
  assert.throws(() => Service.newCardHeader().setTitle(), /takes \(string\)/);
  assert.throws(() => Service.newCardHeader().setTitle('a', 'b'), /takes \(string\)/);
});

test('a wrong type is refused', () => {
  assert.throws(() => Service.newCardHeader().setTitle(1), /takes \(string\)/);
  assert.throws(() => Service.newCardHeader().setTitle(undefined), /takes \(string\)/);
  assert.throws(() => Service.newCardSection().setNumUncollapsibleWidgets(1.5), /takes \(Integer\)/);
  assert.throws(() => Service.newCardSection().addWidget({}), /takes \(Widget\)/);
});

test('one class does not stand for another', () => {
  assert.throws(() => Service.newCardBuilder().addSection(Service.newCardHeader()), /takes \(CardSection\)/);
  assert.throws(() => Service.newFixedFooter().setPrimaryButton(Service.newAction()), /takes \(TextButton\)/);
  assert.throws(() => Service.newCardSection().addWidget(Service.newTextButton()), /takes \(Widget\)/);
});

test('an enum takes its own members and no text', () => {
  assert.throws(() => Service.TextButtonStyle.LOUD, /LOUD does not exist/);
  assert.throws(() => Service.newTextButton().setTextButtonStyle('FILLED'), /takes \(TextButtonStyle\)/);
  assert.throws(() => Service.newIconImage().setIcon(Service.TextButtonStyle.FILLED), /takes \(Icon\)/);
});

test('an empty text is refused, as Gmail refuses it', () => {
  assert.throws(() => Service.newTextParagraph().setText(' '), /empty text/);
});

test('parameters of an action are text', () => {
  assert.throws(() => toJson(Service.newAction().setParameters({ deal: 1 })), /deal is not text/);
});

test('a call without a place in the JSON is an error, not a silence', () => {
  assert.throws(() => toJson(Service.newTextParagraph().setMaxLines(2)), /no place in card JSON/);
});
