# A deal becomes an invoice with one line. The amount is a decimal text such as "4451.7050"; cents are rounded half up
# once, in whole numbers, so that no binary fraction can move one.
{
  customer: { email: .contact.email, name: .contact.company, external_id: .contact.id },
  currency: (.currency | ascii_downcase),
  lines: [{
    amount_cents: (.amount | split(".") | ((.[0] | tonumber) * 10000 + ((.[1] + "0000")[0:4] | tonumber) + 50) / 100 | floor),
    description: .name
  }],
  metadata: { deal_id: .deal_id }
}
