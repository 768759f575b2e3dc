//! The data set both vendors tell the truth about: Northwind's customers and orders, in exact integers.

use std::collections::HashMap;
use std::sync::LazyLock;

pub use jiff::civil::Date;
use serde::Deserialize;

#[cfg(test)]
mod tests;

/// A company that orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Five capital letters, such as `ALFKI`.
    pub id: String,
    pub company: String,
    pub contact_name: String,
    pub city: String,
    pub country: String,
    pub phone: Option<String>,
}

impl Customer {
    /// The address under which both vendors know this customer.
    pub fn email(&self) -> String {
        format!("{}@northwind.example", self.id.to_lowercase())
    }
}

/// An order with the exact sum of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub id: u64,
    pub customer_id: String,
    pub order_date: Date,
    /// When the customer wants it by.
    pub required_date: Date,
    /// `None` while it has not left the warehouse.
    pub shipped: Option<Date>,
    /// The sum of `unit price in cents * quantity * (100 - discount in percent)`: no line is rounded.
    pub amount_ten_thousandths: i64,
}

impl Order {
    /// The amount rounded half up to the cent, once for the whole order.
    pub fn amount_cents(&self) -> i64 {
        cents(self.amount_ten_thousandths)
    }
}

/// Rounds half up, also below zero, where half up means towards the larger number.
pub(crate) fn cents(ten_thousandths: i64) -> i64 {
    ten_thousandths.saturating_add(50).div_euclid(100)
}

/// What can be ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    pub id: u64,
    pub name: String,
}

/// The 91 customers, in the order of the file.
pub fn customers() -> &'static [Customer] {
    &DATA.customers
}

/// The 830 orders, by ascending id.
pub fn orders() -> &'static [Order] {
    &DATA.orders
}

/// The 77 products, by ascending id.
pub fn products() -> &'static [Product] {
    &DATA.products
}

struct Data {
    customers: Vec<Customer>,
    orders: Vec<Order>,
    products: Vec<Product>,
}

#[expect(
    clippy::panic,
    reason = "the files are compiled in and a test parses them; there is nobody to hand an error to"
)]
static DATA: LazyLock<Data> = LazyLock::new(|| match read() {
    Ok(data) => data,
    Err(error) => panic!("the bundled northwind files do not parse: {error}"),
});

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CustomerRow {
    #[serde(rename = "customerID")]
    id: String,
    company_name: String,
    contact_name: String,
    city: String,
    country: String,
    phone: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderRow {
    #[serde(rename = "orderID")]
    id: u64,
    #[serde(rename = "customerID")]
    customer: String,
    order_date: String,
    required_date: String,
    shipped_date: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LineRow {
    #[serde(rename = "orderID")]
    order: u64,
    unit_price: String,
    quantity: i64,
    discount: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProductRow {
    #[serde(rename = "productID")]
    id: u64,
    product_name: String,
}

fn read() -> Result<Data, String> {
    let customers = rows::<CustomerRow>(include_str!("../data/northwind/customers.csv"))?;
    let orders = rows::<OrderRow>(include_str!("../data/northwind/orders.csv"))?;
    let lines = rows::<LineRow>(include_str!("../data/northwind/order_details.csv"))?;
    let products = rows::<ProductRow>(include_str!("../data/northwind/products.csv"))?;

    let mut sums = HashMap::<u64, i64>::new();
    for line in lines {
        *sums.entry(line.order).or_default() += line_ten_thousandths(&line)?;
    }
    let mut orders = orders.into_iter().map(|row| order(row, &mut sums)).collect::<Result<Vec<_>, _>>()?;
    if let Some(stray) = sums.keys().next() {
        return Err(format!("a line names order {stray}, which does not exist"));
    }
    orders.sort_by_key(|order| order.id);
    Ok(Data {
        customers: customers.into_iter().map(customer).collect(),
        orders,
        products: products.into_iter().map(|row| Product { id: row.id, name: row.product_name }).collect(),
    })
}

fn rows<T: for<'row> Deserialize<'row>>(file: &str) -> Result<Vec<T>, String> {
    csv::Reader::from_reader(file.as_bytes())
        .deserialize()
        .collect::<Result<Vec<T>, csv::Error>>()
        .map_err(|error| error.to_string())
}

fn customer(row: CustomerRow) -> Customer {
    Customer {
        id: row.id,
        company: row.company_name,
        contact_name: row.contact_name,
        city: row.city,
        country: row.country,
        phone: present(row.phone),
    }
}

fn order(row: OrderRow, sums: &mut HashMap<u64, i64>) -> Result<Order, String> {
    Ok(Order {
        amount_ten_thousandths: sums
            .remove(&row.id)
            .ok_or_else(|| format!("order {} has no lines", row.id))?,
        id: row.id,
        customer_id: row.customer,
        order_date: date(&row.order_date)?,
        required_date: date(&row.required_date)?,
        shipped: present(row.shipped_date).as_deref().map(date).transpose()?,
    })
}

fn line_ten_thousandths(line: &LineRow) -> Result<i64, String> {
    let price_cents = hundredths(&line.unit_price)?;
    let discount_percent = hundredths(&line.discount)?;
    price_cents
        .checked_mul(line.quantity)
        .and_then(|gross| gross.checked_mul(100 - discount_percent))
        .ok_or_else(|| format!("a line of order {} is too large", line.order))
}

/// Reads a decimal of at most two places, so that no amount ever passes through a float.
fn hundredths(text: &str) -> Result<i64, String> {
    let refuse = || format!("`{text}` is not a decimal with at most two places");
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || fraction.len() > 2 || !digits(whole) || !digits(fraction) {
        return Err(refuse());
    }
    format!("{whole}{fraction:0<2}").parse().map_err(|_| refuse())
}

fn date(text: &str) -> Result<Date, String> {
    let day = text.get(..10).unwrap_or(text);
    day.parse().map_err(|error| format!("`{text}` is not a date: {error}"))
}

fn present(text: String) -> Option<String> {
    (text != "NULL").then_some(text)
}
